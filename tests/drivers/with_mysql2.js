// A tour with mysql2 for Node: HOST PORT USER PASSWORD DATABASE, where DATABASE holds the sample shop.
'use strict';
const assert = require('node:assert/strict');
const mysql = require('mysql2/promise');

const [host, port, user, password, database] = process.argv.slice(2);
const options = { host, port: Number(port), user, password, database, supportBigNumbers: true };
const connect = (more) => mysql.createConnection({ ...options, ...more });

async function refused(errno, promise) {
  await assert.rejects(promise, (error) => {
    assert.ok([].concat(errno).includes(error.errno), `${error.errno}: ${error.message}`);
    return true;
  });
}

const parts = {
  async connecting() {
    const conn = await connect();
    const [[row]] = await conn.query('SELECT DATABASE() AS d');
    assert.equal(row.d, database);
    await conn.ping();
    await conn.changeUser({ user, password, database });
    await conn.reset();
    await conn.query('USE ??', [database]);
    const [rows] = await conn.query('SELECT name FROM users WHERE id = ?', [1]);
    assert.deepEqual(rows.map((r) => r.name), ['Bob']);
    await conn.end();
    await refused(1045, connect({ password: password + 'x' }));
    await refused([1044, 1049], connect({ database: 'no_such_database' }));
    const bare = await connect({ database: undefined });
    await refused(1046, bare.query('SELECT * FROM users'));
    await bare.end();
  },

  async text() {
    const conn = await connect();
    const [rows, fields] = await conn.query('SELECT id, name, balance, created FROM users WHERE id IN (?) ORDER BY id', [[1, 2, 3]]);
    assert.deepEqual(rows.map((r) => r.id), [1, 2, 3]);
    assert.deepEqual(fields.map((f) => f.name), ['id', 'name', 'balance', 'created']);
    assert.ok(rows[0].created instanceof Date);
    const [result] = await conn.query('INSERT INTO users (id, name) VALUES ?', [[[3001, 'it\'s'], [3002, '😀'], [3003, '\\']]]);
    assert.equal(result.affectedRows, 3);
    const [names] = await conn.query('SELECT name FROM users WHERE id > 3000 AND id < 3100 ORDER BY id');
    assert.deepEqual(names.map((r) => r.name), ["it's", '😀', '\\']);
    const [updated] = await conn.query('UPDATE users SET city = "x" WHERE id > 3000 AND id < 3100');
    assert.equal(updated.affectedRows, 3);
    const [deleted] = await conn.query('DELETE FROM users WHERE id > 3000 AND id < 3100');
    assert.equal(deleted.affectedRows, 3);
    const [inserted] = await conn.query('INSERT INTO orders SET ?', { user_id: 3, product_id: 1 });
    assert.ok(BigInt(inserted.insertId) > 0n);
    await refused(1064, conn.query('SELEC 1'));
    await refused(1146, conn.query('SELECT * FROM missing'));
    await refused(1062, conn.query('INSERT INTO users (id, name) VALUES (1, "x")'));
    await conn.end();
  },

  async prepared() {
    const conn = await connect({ timezone: 'Z' });
    await conn.query('DROP TABLE IF EXISTS kinds');
    await conn.query('CREATE TABLE kinds (k INT PRIMARY KEY, i BIGINT, d DECIMAL(20,4), f DOUBLE, moment DATETIME(3), s VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, b BLOB) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci');
    const moment = new Date(Date.UTC(2024, 1, 29, 23, 59, 59, 123));
    const rows = [
      [1, -5, '1.2500', 0.1, moment, 'ä😀\'"\\', Buffer.from([0, 255, 39])],
      [2, null, null, null, null, null, null],
      [3, '9007199254740993', '-99999.9999', 1e300, moment, '', Buffer.alloc(0)],
    ];
    for (const row of rows) {
      const [result] = await conn.execute('INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?)', row);
      assert.equal(result.affectedRows, 1);
    }
    for (const row of rows) {
      const [[back]] = await conn.execute('SELECT * FROM kinds WHERE k = ?', [row[0]]);
      assert.deepEqual(Object.values(back), row);
    }
    const statement = await conn.prepare('SELECT k, s FROM kinds WHERE k >= ? ORDER BY k DESC');
    for (const low of [1, 2, 3, 4]) {
      const [found] = await statement.execute([low]);
      assert.deepEqual(found.map((r) => r.k), [3, 2, 1].filter((k) => k >= low));
    }
    await statement.close();
    const [[sum]] = await conn.execute('SELECT COUNT(*) AS n, SUM(d) AS total FROM kinds WHERE k < ?', [100]);
    assert.equal(sum.n, 3);
    assert.equal(sum.total, '-99998.7499');
    const [inserted] = await conn.execute('INSERT INTO orders (user_id, product_id) VALUES (?, ?)', [3, 2]);
    assert.ok(BigInt(inserted.insertId) > 0n);
    const [[order]] = await conn.execute('SELECT product_id FROM orders WHERE user_id = ? AND id = ?', [3, inserted.insertId]);
    assert.equal(order.product_id, 2);
    await refused(1062, conn.execute('INSERT INTO kinds (k) VALUES (?)', [1]));
    await refused(1054, conn.execute('SELECT nothing FROM kinds WHERE k = ?', [1]));
    const [ok] = await conn.execute('SELECT ? AS a', ['still here']);
    assert.equal(ok[0].a, 'still here');
    await conn.end();
  },

  async transactions() {
    const conn = await connect();
    await conn.beginTransaction();
    await conn.execute('UPDATE users SET city = ? WHERE id = ?', ['undone', 12]);
    await conn.rollback();
    await conn.beginTransaction();
    await conn.execute('UPDATE users SET city = ? WHERE id = ?', ['kept', 12]);
    await conn.commit();
    const [[row]] = await conn.query('SELECT city FROM users WHERE id = 12');
    assert.equal(row.city, 'kept');
    await conn.end();
  },

  async pools_and_parallel_work() {
    const pool = mysql.createPool({ ...options, connectionLimit: 8 });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => pool.execute('SELECT id, name FROM users WHERE id = ?', [(n % 30) + 1])),
    );
    answers.forEach(([rows], n) => assert.equal(rows[0].id, (n % 30) + 1));
    await pool.end();
  },

  async large() {
    const conn = await connect();
    const [rows] = await conn.query("SELECT a.id, REPEAT('x', 2000) AS x FROM products a, products b, products c, products d, products e");
    assert.equal(rows.length, 8 ** 5);
    const [[long]] = await conn.query('SELECT LENGTH(?) AS n', ['y'.repeat(17_000_000)]);
    assert.equal(Number(long.n), 17_000_000);
    await conn.end();
  },

  async multi_statements() {
    const conn = await connect({ multipleStatements: true });
    try {
      const [results] = await conn.query('SELECT 1 AS a; SELECT 2 AS b');
      assert.deepEqual(results.map((r) => Object.values(r[0])[0]), [1, 2]);
    } catch (error) {
      assert.ok([1235, 1064].includes(error.errno), error.message);
    }
    const [[row]] = await conn.query('SELECT 3 AS c');
    assert.equal(row.c, 3);
    await conn.end();
  },
};

(async () => {
  for (const [name, part] of Object.entries(parts)) {
    console.log(name);
    await part();
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
