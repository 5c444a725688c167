-- INSERT … SELECT, REPLACE … SELECT, CREATE TABLE … SELECT, and WITH in DML.

-- == of the same table
INSERT INTO visits SELECT user_id, CONCAT(page, '2'), n + 1 FROM visits WHERE user_id = 1;
INSERT INTO visits SELECT * FROM visits;
INSERT INTO visits (n, user_id) SELECT n, user_id FROM visits WHERE n > 2;
INSERT INTO accounts SELECT user_id, nr + 10, NULL, amount FROM accounts;
INSERT INTO accounts SELECT * FROM accounts WHERE user_id = 1;
INSERT INTO accounts SELECT * FROM accounts;
INSERT INTO users SELECT id + 100, name, email, city, age, balance FROM users; -- any-id
INSERT INTO codes SELECT CONCAT(code, '2'), v FROM codes;

-- == of a table that is sharded alike
INSERT INTO visits SELECT id, name, age FROM users WHERE id = 1;
INSERT INTO visits SELECT id, name, age FROM users;
INSERT INTO visits (user_id, n) SELECT user_id, COUNT(*) FROM orders GROUP BY user_id;
INSERT INTO visits SELECT u.id, o.note, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total IS NOT NULL;
INSERT INTO visits SELECT u.id, p.name, p.stock FROM orders o JOIN users u ON u.id = o.user_id JOIN products p ON p.id = o.product_id;
INSERT INTO accounts SELECT id, 50, city, 1 FROM users WHERE city IS NOT NULL;
INSERT INTO accounts (user_id, nr) SELECT id, 51 FROM users WHERE id IN (1, 2, 3);
INSERT INTO accounts SELECT user_id, 52, NULL, SUM(total) FROM orders GROUP BY user_id;
INSERT INTO accounts SELECT id, 1, NULL, 0 FROM users;
INSERT INTO children SELECT id, 9, name FROM parents;
INSERT INTO visits SELECT id, name, age FROM users WHERE 1 = 0;
INSERT INTO visits SELECT id, name, age FROM users ORDER BY id;
INSERT INTO visits SELECT id, name, age FROM users ORDER BY id LIMIT 3;
INSERT INTO visits SELECT id, name, age FROM users ORDER BY age DESC, id LIMIT 2 OFFSET 1;
INSERT INTO visits SELECT user_id, note, 1 FROM orders WHERE user_id = 5 ORDER BY id LIMIT 1;
INSERT INTO visits SELECT id, name, 1 FROM users WHERE id = 1 UNION ALL SELECT id, name, 2 FROM users WHERE id = 1;
INSERT INTO visits SELECT id, name, 1 FROM users UNION ALL SELECT user_id, note, 2 FROM orders;
INSERT INTO visits SELECT DISTINCT user_id, status, 0 FROM orders;
INSERT INTO visits TABLE visits; -- mysql

-- == of a table that is sharded otherwise
INSERT INTO visits SELECT user_id, title, points FROM tickets; -- refused: a row without the sharding key
INSERT INTO visits SELECT user_id, title, points FROM tickets WHERE ticket = 3;
INSERT INTO tickets SELECT id + 100, user_id, note, 0 FROM orders;
INSERT INTO tickets (ticket, title) SELECT k + 50, fixed FROM kinds;
INSERT INTO users (id, name) SELECT ticket + 200, IFNULL(title, 'none') FROM tickets; -- any-id
INSERT INTO users (id, name) SELECT ticket, IFNULL(title, 'none') FROM tickets;
INSERT INTO codes SELECT name, age FROM users;
INSERT INTO codes SELECT city, COUNT(*) FROM users WHERE city IS NOT NULL GROUP BY city;
INSERT INTO kinds (k, big, exact, fixed) SELECT 100 + id, id, balance, city FROM users;
INSERT INTO visits SELECT product_id, status, COUNT(*) FROM orders GROUP BY product_id, status;
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO visits (user_id, n) SELECT MAX(id), SUM(age) FROM users;

-- == of reference and single tables
INSERT INTO visits SELECT id, name, stock FROM products;
INSERT INTO visits SELECT 1, name, stock FROM products;
INSERT INTO visits (user_id, page) SELECT user_id, body FROM notes; -- refused: a row without the sharding key
INSERT INTO users (id, name) SELECT id + 300, IFNULL(who, 'none') FROM audit;
INSERT INTO codes SELECT cur, rate FROM rates;
INSERT INTO visits SELECT 7, 'constant', 1;
INSERT INTO visits SELECT 7, 'dual', 1 FROM DUAL;
INSERT INTO visits SELECT 1, 'a', 1 UNION SELECT 2, 'b', 2 UNION SELECT 3, 'c', 3;
INSERT INTO users (id, name) SELECT 5, 'there' WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 5);
INSERT INTO users (id, name) SELECT 400, 'new' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 400);

-- == into a reference table
INSERT INTO products SELECT id + 10, CONCAT(name, '2'), price, stock FROM products;
INSERT INTO products (id, name) SELECT rate * 100, cur FROM rates WHERE rate < 2;
INSERT INTO products (id, name) SELECT id + 500, name FROM users;
INSERT INTO rates SELECT LEFT(status, 3), COUNT(*) FROM orders GROUP BY status;
INSERT INTO rates SELECT LEFT(name, 3), age FROM users WHERE id = 1;
INSERT INTO rates SELECT LEFT(who, 3), id FROM audit WHERE id < 3;
INSERT INTO products SELECT * FROM products;
INSERT IGNORE INTO products SELECT id, CONCAT(name, '3'), price, stock FROM products;
INSERT INTO products SELECT * FROM products p ON DUPLICATE KEY UPDATE stock = p.stock + 1;
REPLACE INTO products SELECT id, CONCAT(name, '4'), price, stock FROM products;

-- == into a single table
INSERT INTO audit (who, what) SELECT who, what FROM audit;
SELECT LAST_INSERT_ID();
INSERT INTO audit (who, what) SELECT name, price FROM products ORDER BY id;
INSERT INTO notes (body) SELECT name FROM products ORDER BY id DESC LIMIT 2;
INSERT INTO audit (id, who, what) SELECT id + 1000000, name, city FROM users ORDER BY id;
INSERT INTO audit (id, what) SELECT 1001000 + ASCII(status), CONCAT(status, ': ', COUNT(*), ', ', SUM(total)) FROM orders GROUP BY status ORDER BY status;
INSERT INTO audit (what) SELECT COUNT(*) FROM users;
INSERT INTO audit (what) SELECT name FROM users WHERE id = 1;
INSERT INTO audit (what) SELECT body FROM notes;
INSERT INTO audit (id, who) SELECT t.ticket + 1002000, u.name FROM users u JOIN tickets t ON t.user_id = u.id ORDER BY t.ticket;

-- == duplicates
INSERT IGNORE INTO accounts SELECT user_id, 1, 'main', 5 FROM orders;
INSERT IGNORE INTO accounts SELECT * FROM accounts;
INSERT IGNORE INTO users SELECT * FROM users;
INSERT INTO accounts SELECT user_id, 1, 'other', 5 FROM visits WHERE user_id IS NOT NULL ON DUPLICATE KEY UPDATE amount = accounts.amount + 1;
INSERT INTO accounts (user_id, nr, amount) SELECT user_id, 1, n FROM visits WHERE user_id IN (1, 2) ON DUPLICATE KEY UPDATE amount = accounts.amount + VALUES(amount); -- any-warnings
INSERT INTO users SELECT * FROM users s ON DUPLICATE KEY UPDATE age = s.age + 1;
REPLACE INTO accounts SELECT user_id, nr, label, amount + 1 FROM accounts;
REPLACE INTO accounts SELECT id, 1, 'main', 0 FROM users WHERE id < 4;
REPLACE INTO visits SELECT id, name, age FROM users;
REPLACE INTO users (id, name) SELECT ticket, title FROM tickets WHERE title IS NOT NULL; -- any-id
INSERT IGNORE INTO codes SELECT name, age FROM users;
INSERT INTO accounts SELECT user_id, 60, NULL, -101 FROM accounts WHERE user_id = 3 AND nr = 1;
INSERT INTO accounts SELECT user_id, 60, NULL, amount - 1 FROM accounts WHERE label = 'main';

-- == generated ids
INSERT INTO orders (user_id, product_id) SELECT id, 1 FROM users WHERE id = 1;
INSERT INTO orders (user_id, product_id, note) SELECT user_id, product_id, 'copy' FROM orders WHERE user_id = 5 ORDER BY id;
INSERT INTO orders (user_id) SELECT user_id FROM tickets WHERE user_id IS NOT NULL ORDER BY ticket;
INSERT INTO orders SELECT id + 100, user_id, product_id, status, total, note FROM orders WHERE id < 118 AND user_id = 5;
INSERT INTO users (name) SELECT title FROM tickets WHERE title IS NOT NULL ORDER BY ticket;

-- == values that a query has to be warned of
INSERT INTO visits (user_id, n) SELECT ticket, 'a' + points FROM tickets ORDER BY ticket;
INSERT INTO visits (user_id, n) SELECT ticket, points DIV 0 FROM tickets;
SET sql_mode = '';
INSERT INTO visits SELECT ticket, title, title + 1 FROM tickets ORDER BY ticket;
INSERT INTO visits SELECT ticket, title, 1 DIV (ticket - 3) FROM tickets ORDER BY ticket;
SET sql_mode = DEFAULT;
INSERT INTO products SELECT id + 100, name, name + 1, 1 FROM users ORDER BY id;
INSERT INTO products SELECT id + 100, name, 1 DIV (id - 3), 1 FROM users ORDER BY id; -- any-warnings
INSERT IGNORE INTO products SELECT id + 100, name, name + 1, 1 FROM users ORDER BY id;
INSERT INTO audit SELECT id + 100, name, city FROM users WHERE name = 0 ORDER BY id;
SELECT * FROM products ORDER BY id;
SELECT * FROM visits ORDER BY user_id, page, n;

-- == wrong statements
INSERT INTO visits SELECT id FROM users;
INSERT INTO visits (user_id, n) SELECT id, nothing FROM users;
INSERT INTO visits (user_id, nothing) SELECT id, age FROM users;
INSERT INTO nothing SELECT * FROM users;
INSERT INTO visits SELECT * FROM nothing;
INSERT INTO visits SELECT id, name, (SELECT id FROM products) FROM users;
INSERT INTO accounts SELECT id, NULL, name, 1 FROM users;
INSERT INTO visits SELECT id, REPEAT(name, 20), 1 FROM users;

-- == CREATE TABLE … SELECT | as it stands
CREATE TABLE plain_copy SELECT * FROM audit;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy (PRIMARY KEY (id)) AS SELECT id, name, price FROM products WHERE id < 3;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT id, name FROM users;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT city, COUNT(*) AS n, SUM(balance), MAX(email) m FROM users GROUP BY city ORDER BY city;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY city;
DROP TABLE plain_copy;
CREATE TABLE plain_copy (nr INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(5) NOT NULL, extra INT DEFAULT 7) ENGINE=InnoDB COMMENT='made' AS (SELECT LEFT(name, 2) AS name, id + 1 FROM users WHERE id < 4 ORDER BY id);
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY nr;
DROP TABLE plain_copy;
CREATE TABLE plain_copy (SELECT * FROM kinds);
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY k;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT u.name, o.* FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id < 6;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy SELECT name, age FROM users ORDER BY id LIMIT 3;
SELECT * FROM plain_copy ORDER BY name;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT id, 1 AS one, 'x' AS x, 1.5 AS d, 1e0 AS f, NULL AS nothing, CURRENT_DATE IS NULL AS known, DATE '2020-01-02' AS day, TIMESTAMP '2020-01-02 03:04:05.6' AS moment, TIME '10:11:12' AS clock, x'41' AS b, age + 1, balance * 2, CONCAT(name, city), IFNULL(age, 0) FROM users; -- text-only
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT CURRENT_TIMESTAMP AS now, CURRENT_DATE AS today, id FROM users;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT * FROM stamped;
SHOW FULL COLUMNS FROM plain_copy;
SELECT user_id, nr, v, twice, next FROM plain_copy ORDER BY user_id, nr;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT id FROM users WHERE id < 0;
SELECT * FROM plain_copy;
DROP TABLE plain_copy;
CREATE TABLE plain_copy (city VARCHAR(20) UNIQUE) AS SELECT city FROM users; -- any-warnings
SELECT COUNT(*) FROM plain_copy;
CREATE TABLE plain_copy (city VARCHAR(20) UNIQUE) IGNORE AS SELECT city FROM users;
SELECT * FROM plain_copy ORDER BY city;
DROP TABLE plain_copy;
CREATE TABLE plain_copy (city VARCHAR(20) UNIQUE) REPLACE SELECT city FROM users;
SELECT * FROM plain_copy ORDER BY city;
DROP TABLE plain_copy;
CREATE TABLE copied AS SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id;
SHOW FULL COLUMNS FROM copied;
SELECT * FROM copied ORDER BY user_id;
DROP TABLE copied;
CREATE TABLE copied (PRIMARY KEY (id)) AS SELECT * FROM orders;
SHOW FULL COLUMNS FROM copied;
SELECT * FROM copied ORDER BY id;
DROP TABLE copied;
CREATE TABLE copied AS SELECT ticket, user_id FROM tickets WHERE user_id IS NOT NULL;
SELECT * FROM copied ORDER BY ticket;
SELECT * FROM copied WHERE user_id = 2;
DROP TABLE copied;
CREATE TABLE copied AS SELECT id AS user_id, name FROM users WHERE id BETWEEN 2 AND 5;
SELECT * FROM copied ORDER BY user_id;
DROP TABLE copied;
CREATE TABLE copied AS SELECT user_id FROM tickets; -- refused: a row without a sharding key
CREATE TABLE copied AS SELECT id FROM users; -- refused: a sharded table without its sharding key
SELECT * FROM copied;
CREATE TABLE copied_rates AS SELECT * FROM rates;
SHOW FULL COLUMNS FROM copied_rates;
SELECT * FROM copied_rates ORDER BY cur;
DROP TABLE copied_rates;
CREATE TABLE copied_rates AS SELECT id, name FROM users;
SELECT * FROM copied_rates ORDER BY id;
CREATE TABLE IF NOT EXISTS copied_rates AS SELECT id, name FROM users;
CREATE TABLE copied_rates AS SELECT id, name FROM users;
DROP TABLE copied_rates;
CREATE TABLE plain_copy AS SELECT id FROM users;
CREATE OR REPLACE TABLE plain_copy AS SELECT name, age FROM users; -- mariadb
SELECT * FROM plain_copy ORDER BY 1;
CREATE OR REPLACE TABLE plain_copy AS SELECT * FROM plain_copy; -- mariadb
DROP TABLE plain_copy;
BEGIN;
UPDATE users SET city = 'kept' WHERE id < 3;
CREATE TABLE plain_copy AS SELECT id, city FROM users;
ROLLBACK;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
CREATE TABLE "plain_copy" ("a b" INT, back CHAR(9) DEFAULT 'a\b') AS SELECT "id" AS "a b", 'x\y' AS back, name AS "Name" FROM "users"; -- text-only
SET sql_mode = DEFAULT;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY 1;
DROP TABLE plain_copy;
SET sql_mode = '';
CREATE TABLE plain_copy (short VARCHAR(2), n TINYINT) AS SELECT id, name AS short, 1000 AS n FROM users WHERE id = 1; -- text-only
SET sql_mode = DEFAULT;
SELECT * FROM plain_copy;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT id, id FROM users;
CREATE TABLE plain_copy AS SELECT id, nothing FROM users;
CREATE TABLE plain_copy AS SELECT id FROM nothing;
CREATE TABLE plain_copy AS SELECT id, name + 1 AS n FROM users;
SELECT * FROM plain_copy;
CREATE TABLE plain_copy IGNORE AS SELECT id, name + 1 AS n FROM users;
DROP TABLE plain_copy;
CREATE TABLE plain_copy (name TINYINT) AS SELECT id, 300 + id AS name FROM users; -- text-only
SELECT * FROM plain_copy ORDER BY id;
CREATE TABLE plain_copy AS SELECT id, @x AS x FROM audit; -- refused: a user variable
CREATE TABLE plain_copy AS SELECT id, CONNECTION_ID() AS x FROM users; -- refused: a function of the session
CREATE TABLE IF NOT EXISTS audit AS SELECT 1 AS id; -- any-warnings
CREATE TABLE audit AS SELECT 1 AS id;
CREATE TABLE users AS SELECT 1 AS id; -- text-only
CREATE TABLE IF NOT EXISTS users AS SELECT 1 AS id; -- text-only
CREATE TEMPORARY TABLE of_a_session AS SELECT id, name FROM users;
CREATE TABLE copied LIKE visits;
INSERT INTO copied SELECT * FROM visits;
SELECT * FROM copied;
DROP TABLE copied;
CREATE TABLE copied_rates LIKE rates;
INSERT INTO copied_rates SELECT * FROM rates;
SELECT * FROM copied_rates;
DROP TABLE copied_rates;

-- == WITH
WITH big AS (SELECT user_id FROM orders WHERE total > 60) UPDATE users JOIN big ON big.user_id = users.id SET users.city = 'Big'; -- mysql | refused on mysql: WITH before UPDATE and DELETE
WITH big AS (SELECT user_id FROM orders WHERE total > 60) DELETE FROM users WHERE id IN (SELECT user_id FROM big); -- mysql | refused on mysql: WITH before UPDATE and DELETE
WITH one AS (SELECT id FROM products WHERE price < 2) UPDATE orders SET note = 'cheap' WHERE product_id IN (SELECT id FROM one); -- mysql | refused on mysql: WITH before UPDATE and DELETE
INSERT INTO visits WITH x AS (SELECT id, name, age FROM users) SELECT * FROM x;
INSERT INTO visits WITH x AS (SELECT id, name, age FROM users WHERE id = 1) SELECT * FROM x;
INSERT INTO audit (who) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n;
INSERT INTO visits WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i, 'n', i FROM n;
WITH x AS (SELECT 1) INSERT INTO audit (who) SELECT * FROM x;
