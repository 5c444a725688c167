// Ids of bulkCreate with Sequelize: HOST PORT USER PASSWORD DATABASE, where DATABASE holds the tables by_id, by_key, own_ids
// and native. Prints a line for each table and batch.
'use strict';
const { DataTypes, Sequelize } = require('sequelize');

const [host, port, user, password, database] = process.argv.slice(2);
const sequelize = new Sequelize(database, user, password, { host, port: Number(port), dialect: 'mysql', logging: false });

async function main() {
  let batch = 1000;
  for (const name of ['by_id', 'by_key', 'own_ids', 'native']) {
    const model = sequelize.define(
      name,
      {
        id: { type: DataTypes.BIGINT, autoIncrement: true, primaryKey: true },
        k: DataTypes.BIGINT,
        batch: DataTypes.INTEGER,
        n: DataTypes.INTEGER,
      },
      { tableName: name, timestamps: false },
    );
    const one = await model.create({ k: 5, batch: 1, n: 1 });
    const again = await model.findByPk(one.id);
    console.log(`${name}, create: ${again && again.n === 1 && again.k === 5 ? 'right' : 'wrong'}`);
    for (const size of [1, 10, 1000, 5000]) {
      batch += 1;
      const rows = Array.from({ length: size }, (_, n) => ({ k: (n * 7919) % 1000, batch, n }));
      const made = await model.bulkCreate(rows);
      const stored = await model.findAll({ where: { batch }, order: ['n'], raw: true });
      const wrong = made.filter((row, n) => row.id !== stored[n].id).length;
      let together = 1;
      while (together < made.length && made[together].id === made[0].id + together) together += 1;
      console.log(`${name}, bulkCreate of ${size}: ${stored.length} rows, ${wrong} wrong, ${together} consecutive`);
    }
  }
  await sequelize.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
