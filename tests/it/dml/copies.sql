-- INSERT … SELECT, REPLACE … SELECT and CREATE TABLE … SELECT whose query only copies of rows answer: joins over families,
-- subqueries, unions, common table expressions, windows, HAVING, expressions over aggregates.

-- == joins over families
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u LEFT JOIN tickets t ON t.user_id = u.id ORDER BY u.id, t.ticket;
INSERT INTO visits SELECT t.ticket, u.name, u.age FROM tickets t RIGHT JOIN users u ON u.id = t.user_id AND u.age > 30 WHERE t.ticket IS NOT NULL;
INSERT INTO tickets (ticket, title, points) SELECT o.id, p.name, k.k FROM orders o JOIN products p ON p.id = o.product_id JOIN kinds k ON k.k = o.product_id;
INSERT INTO accounts (user_id, nr, label, amount) SELECT u.id, 100 + t.ticket, t.title, t.points * 3 FROM users u, tickets t WHERE u.id = t.user_id AND t.points > 1;
INSERT INTO visits (user_id, page) SELECT k.k, c.code FROM kinds k CROSS JOIN codes c WHERE c.v <= k.k;
INSERT INTO codes SELECT CONCAT(u.name, '/', t.ticket), o.id FROM users u JOIN tickets t ON t.user_id = u.id JOIN orders o ON o.user_id = u.id;
INSERT INTO codes (code, v) SELECT CONCAT('self', a.ticket, '-', b.ticket), a.points + b.points FROM tickets a JOIN tickets b ON a.user_id = b.user_id AND a.ticket < b.ticket;
INSERT INTO parents (id, name) SELECT 100 + t.ticket, n.body FROM tickets t JOIN notes n ON n.user_id = t.user_id WHERE n.body <> 'n4';
INSERT INTO children SELECT p.id, 40 + t.ticket, t.title FROM parents p JOIN tickets t ON t.points = p.id;
INSERT INTO children SELECT t.ticket + 500, 1, p.name FROM parents p JOIN tickets t ON t.points = p.id;
INSERT INTO visits SELECT a.id, n.body, 0 FROM audit a JOIN notes n ON n.user_id = a.id;
SELECT * FROM visits ORDER BY user_id, page, n;

-- == into reference tables and single ones
INSERT INTO rates SELECT LEFT(status, 3), COUNT(*) FROM orders GROUP BY status HAVING COUNT(*) > 1;
INSERT INTO products (id, name, price) SELECT 100 + t.ticket, CONCAT(u.name, t.ticket), u.balance / 3 FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO products (id, name) SELECT 200 + k.k, c.code FROM kinds k JOIN codes c ON c.v = k.k;
REPLACE INTO products (id, name, stock) SELECT k.k, c.code, 9 FROM kinds k JOIN codes c ON c.v = k.k WHERE k.k > 2;
INSERT INTO audit (id, who) SELECT t.ticket + 1002000, u.name FROM users u JOIN tickets t ON t.user_id = u.id ORDER BY t.ticket;
INSERT INTO audit (id, what) SELECT 1003000 + ASCII(status), CONCAT(status, ': ', COUNT(*), ', ', SUM(total)) FROM orders GROUP BY status ORDER BY status;
INSERT INTO notes (id, user_id, body) SELECT 2000000 + t.ticket, u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id ORDER BY u.id, t.ticket;
INSERT INTO notes (id, body) SELECT 2000100, CONCAT(MAX(name), MIN(name)) FROM users;
SELECT user_id, body FROM notes ORDER BY id;
INSERT IGNORE INTO rates SELECT LEFT(u.name, 3), AVG(t.points) FROM users u JOIN tickets t ON t.user_id = u.id GROUP BY u.name;
INSERT INTO rates SELECT LEFT(u.name, 3), AVG(t.points) * 1.5 FROM users u JOIN tickets t ON t.user_id = u.id GROUP BY u.name ON DUPLICATE KEY UPDATE rate = VALUES(rate) + 1; -- any-warnings

-- == subqueries
INSERT INTO visits SELECT id, name, age FROM users WHERE id IN (SELECT user_id FROM tickets WHERE points > 1);
INSERT INTO visits SELECT id, name, age FROM users WHERE id NOT IN (SELECT user_id FROM tickets);
INSERT INTO visits SELECT id, name, age FROM users WHERE id NOT IN (SELECT user_id FROM tickets WHERE user_id IS NOT NULL);
INSERT INTO visits SELECT id, name, (SELECT MAX(points) FROM tickets) FROM users WHERE id < 5;
INSERT INTO visits SELECT id, name, (SELECT SUM(points) FROM tickets t WHERE t.user_id = u.id) FROM users u;
INSERT INTO visits SELECT ticket, (SELECT name FROM users u WHERE u.id = t.user_id), points FROM tickets t;
INSERT INTO accounts SELECT id, 70, NULL, 1 FROM users u WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = u.id AND t.points > 1);
INSERT INTO accounts SELECT id, 71, NULL, 1 FROM users u WHERE NOT EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = u.id);
INSERT INTO accounts SELECT id, 72, NULL, 1 FROM users WHERE age > ALL (SELECT points FROM tickets WHERE user_id = 3);
INSERT INTO accounts SELECT id, 73, NULL, 1 FROM users WHERE (id, age) IN (SELECT user_id, 30 + points - 2 FROM tickets);
INSERT INTO codes SELECT CONCAT('d', d.user_id), d.n FROM (SELECT user_id, COUNT(*) AS n FROM tickets GROUP BY user_id) d WHERE d.user_id IS NOT NULL;
INSERT INTO visits SELECT d.user_id, u.name, d.n FROM (SELECT user_id, COUNT(*) AS n FROM tickets WHERE user_id < 50 GROUP BY user_id) d JOIN users u ON u.id = d.user_id;
INSERT INTO visits SELECT id, name, (SELECT points FROM tickets) FROM users WHERE id < 5;
INSERT INTO tickets (ticket, points) SELECT MAX(ticket) + 1, MAX(points) FROM tickets;
INSERT INTO tickets (ticket, points) SELECT (SELECT MAX(ticket) FROM tickets) + 1, (SELECT COUNT(*) FROM users);
INSERT INTO codes SELECT 'fresh', 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM codes WHERE v = 77);
INSERT INTO codes SELECT 'never', 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM codes WHERE v = 3);

-- == unions
INSERT INTO visits SELECT id, name, 1 FROM users UNION ALL SELECT user_id, note, 2 FROM orders;
INSERT INTO visits SELECT user_id, title, points FROM tickets WHERE user_id IS NOT NULL UNION SELECT id, name, age FROM users;
INSERT INTO visits (user_id, page) (SELECT id, name FROM users ORDER BY id LIMIT 2) UNION ALL (SELECT ticket, title FROM tickets ORDER BY ticket DESC LIMIT 2);
INSERT INTO codes (code) SELECT city FROM users WHERE city IS NOT NULL UNION SELECT title FROM tickets WHERE title IS NOT NULL ORDER BY 1 LIMIT 5;
INSERT INTO codes SELECT name, id FROM users INTERSECT SELECT who, id FROM audit;
INSERT INTO visits (user_id) SELECT id FROM users EXCEPT SELECT user_id FROM tickets;
INSERT INTO products (id, name) SELECT id + 700, name FROM users UNION ALL SELECT ticket + 800, title FROM tickets WHERE title IS NOT NULL;
INSERT INTO audit (id, who) SELECT 2000200 + CRC32(x) % 100000, x FROM (SELECT name AS x FROM users UNION SELECT title FROM tickets) d WHERE x IS NOT NULL ORDER BY x;
SELECT who FROM audit ORDER BY id;

-- == common table expressions
INSERT INTO visits WITH x AS (SELECT user_id, SUM(points) AS s FROM tickets GROUP BY user_id) SELECT u.id, u.name, x.s FROM users u JOIN x ON x.user_id = u.id;
INSERT INTO codes WITH x AS (SELECT id, name FROM users), y AS (SELECT ticket, user_id FROM tickets) SELECT CONCAT(x.name, y.ticket, '!'), x.id FROM x JOIN y ON y.user_id = x.id;
INSERT INTO visits WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT n.i, t.title, t.points FROM n JOIN tickets t ON t.ticket = n.i JOIN users u ON u.id = t.user_id;
REPLACE INTO tickets WITH x AS (SELECT MAX(age) AS a FROM users) SELECT ticket, user_id, title, points + a FROM tickets, x WHERE ticket < 4;
SELECT * FROM tickets ORDER BY ticket;

-- == windows, HAVING, expressions over aggregates
INSERT INTO visits SELECT user_id, status, ROW_NUMBER() OVER (ORDER BY id) FROM orders;
INSERT INTO visits SELECT ticket, title, SUM(points) OVER (PARTITION BY user_id ORDER BY ticket) FROM tickets;
INSERT INTO visits SELECT id, city, RANK() OVER (PARTITION BY city ORDER BY balance DESC) FROM users;
INSERT INTO tickets (ticket, title, points) SELECT 300 + ROW_NUMBER() OVER (ORDER BY code), code, v FROM codes WHERE v IS NOT NULL;
INSERT INTO visits SELECT product_id, status, COUNT(*) FROM orders GROUP BY product_id, status HAVING COUNT(*) > 1 OR MAX(total) > 15;
INSERT INTO codes SELECT city, SUM(balance) - MIN(balance) FROM users WHERE city IS NOT NULL GROUP BY city;
INSERT INTO codes SELECT CONCAT(status, '+'), ROUND(AVG(total)) + COUNT(*) FROM orders GROUP BY status ORDER BY status;
INSERT INTO visits (user_id, page) SELECT COUNT(*), GROUP_CONCAT(LEFT(name, 1) ORDER BY id SEPARATOR '') FROM users;
INSERT INTO visits SELECT product_id, GROUP_CONCAT(DISTINCT status ORDER BY status), COUNT(DISTINCT user_id) FROM orders GROUP BY product_id;
INSERT INTO kinds (k, exact, d) SELECT 200 + product_id, SUM(total) / COUNT(*), STD(total) FROM orders GROUP BY product_id;
INSERT INTO visits SELECT IFNULL(product_id, 1000), status, SUM(total) FROM orders GROUP BY product_id, status WITH ROLLUP;
SELECT user_id, page, n FROM visits ORDER BY user_id, page, n;
SELECT k, exact, ROUND(d, 6) FROM kinds ORDER BY k;

-- == the target is a source
INSERT INTO tickets SELECT t.ticket + 100, u.id, u.name, t.points FROM tickets t JOIN users u ON u.id = t.user_id;
INSERT INTO tickets SELECT a.ticket + b.ticket + 1000 * a.ticket, a.user_id, b.title, 0 FROM tickets a, tickets b WHERE a.ticket < 5 AND b.ticket < 5;
INSERT INTO users (id, name) SELECT u.id + 1000, t.title FROM users u JOIN tickets t ON t.user_id = u.id AND t.ticket NOT IN (2, 8); -- any-id
INSERT INTO visits SELECT v.user_id, t.title, v.n FROM visits v JOIN tickets t ON t.points = v.n;
INSERT INTO codes SELECT CONCAT(c.code, k.k), k.k FROM codes c JOIN kinds k ON k.k <= c.v;
INSERT INTO tickets (ticket, points) SELECT ticket + 5000, points FROM tickets WHERE points > (SELECT AVG(points) FROM tickets);
INSERT INTO products (id, name, stock) SELECT p.id + 50, CONCAT(p.name, u.id), u.age FROM products p JOIN users u ON u.id = p.stock / 10;
INSERT INTO audit (id, who, what) SELECT a.id + 2500000, a.who, u.name FROM audit a JOIN users u ON u.id = a.id % 12 + 1 ORDER BY a.id;
REPLACE INTO tickets (ticket, user_id, title, points) SELECT t.ticket, u.id, u.name, u.age FROM tickets t JOIN users u ON u.id = t.user_id;
SELECT * FROM tickets ORDER BY ticket;

-- == duplicates
INSERT INTO tickets (ticket, title) SELECT u.id, u.name FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
INSERT IGNORE INTO tickets (ticket, title) SELECT u.id, u.name FROM users u JOIN kinds k ON k.k = u.id;
INSERT IGNORE INTO accounts SELECT u.id, t.ticket, t.title, 1 FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO tickets (ticket, points) SELECT u.id, k.k FROM users u JOIN kinds k ON k.k = u.id ON DUPLICATE KEY UPDATE points = points + 10;
INSERT INTO tickets (ticket, points) SELECT u.id, k.k + 1 FROM users u JOIN kinds k ON k.k = u.id ON DUPLICATE KEY UPDATE points = points + VALUES(points); -- any-warnings
REPLACE INTO accounts SELECT u.id, 1, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket NOT IN (1, 2);
REPLACE INTO codes SELECT t.title, u.id FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO accounts SELECT u.id, 90, NULL, -100 - t.points FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
SELECT * FROM tickets ORDER BY ticket;

-- == generated ids
INSERT INTO orders (user_id, product_id, note) SELECT u.id, 1, t.title FROM users u JOIN tickets t ON t.user_id = u.id ORDER BY t.ticket;
SELECT user_id, note FROM orders WHERE note LIKE 't%' ORDER BY id;
INSERT INTO orders (user_id, note) SELECT u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket < 0;
INSERT INTO orders (id, user_id, note) SELECT t.ticket + 60, u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id; -- any-id
INSERT INTO users (name, age) SELECT t.title, p.stock FROM tickets t JOIN products p ON p.id = t.ticket ORDER BY t.ticket;
INSERT INTO users (name) SELECT GROUP_CONCAT(title ORDER BY ticket) FROM tickets WHERE ticket < 4;
SELECT name, age FROM users ORDER BY id;

-- == types
INSERT INTO kinds SELECT k.k + 100, tiny, big, exact, f, d, bits, day, moment, clock, y, fixed, latin, long_text, bytes, blob_, one, some, doc FROM kinds k JOIN products p ON p.id = k.k JOIN tickets t ON t.ticket = k.k;
SELECT * FROM kinds ORDER BY k;
SELECT k, HEX(bits), HEX(bytes), HEX(blob_), HEX(latin), HEX(fixed), one + 0, some + 0, f * 1e0, d, clock + 0, JSON_TYPE(doc) FROM kinds ORDER BY k;
INSERT INTO kinds (k, exact, d, day, moment, clock, y) SELECT 300 + k.k, k.exact / 3, k.d * 2, DATE_ADD(k.day, INTERVAL t.ticket DAY), k.moment, TIMEDIFF(k.clock, '00:00:01'), k.y FROM kinds k JOIN tickets t ON t.ticket = k.k WHERE k.k IN (1, 3, 5);
INSERT INTO kinds (k, big, fixed, latin, long_text) SELECT 400 + k.k, k.big, k.latin, k.fixed, CONCAT(k.latin, t.title) FROM kinds k JOIN tickets t ON t.ticket = k.k WHERE k.k <> 4;
INSERT INTO kinds (k, one, some, blob_) SELECT 500 + k.k, k.one, k.some, k.bytes FROM kinds k JOIN tickets t ON t.ticket = k.k;
INSERT INTO kinds (k, moment) SELECT 600 + s.user_id, s.seen FROM stamped s JOIN tickets t ON t.ticket = s.user_id WHERE s.nr = 1;
INSERT INTO stamped (user_id, nr, v, made, seen) SELECT t.ticket, 50 + s.nr, s.v, s.made, s.seen FROM stamped s JOIN tickets t ON t.user_id = s.user_id;
INSERT INTO stamped (user_id, nr, seen) SELECT 700 + t.ticket, 1, MAX(s.seen) FROM stamped s JOIN tickets t ON t.user_id = s.user_id GROUP BY t.ticket;
SET time_zone = '+05:30';
INSERT INTO stamped (user_id, nr, v, made, seen) SELECT t.ticket, 60 + s.nr, s.v, s.seen, s.seen FROM stamped s JOIN tickets t ON t.user_id = s.user_id;
SET time_zone = DEFAULT;
SELECT k, big, exact, d, day, moment, clock, y, fixed, latin, long_text FROM kinds ORDER BY k;
SELECT user_id, nr, v, twice, made, seen FROM stamped ORDER BY user_id, nr;

-- == warnings and errors
INSERT INTO visits SELECT u.id, REPEAT(t.title, 20), 1 FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
INSERT INTO visits (user_id, n) SELECT t.ticket, 1 DIV (t.ticket - 3) FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO visits (user_id, n) SELECT u.id, t.points DIV 0 FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
INSERT INTO visits (user_id, n) SELECT u.id, 1 FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3 AND t.title = 3;
INSERT INTO visits (user_id, n) SELECT COUNT(*), SUM(title) / COUNT(*) FROM tickets WHERE ticket = 3 OR ticket = 4;
SET sql_mode = '';
INSERT INTO visits SELECT u.id, REPEAT(t.title, 20), 1 FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
INSERT INTO visits (user_id, n) SELECT t.ticket, 1 DIV (t.ticket - 3) FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO visits (user_id, n) SELECT t.ticket, 'a' + t.points FROM users u JOIN tickets t ON t.user_id = u.id ORDER BY t.ticket;
INSERT INTO visits (user_id, n) SELECT COUNT(*), SUM(title) / COUNT(*) FROM tickets WHERE ticket = 3 OR ticket = 4;
SET sql_mode = DEFAULT;
INSERT IGNORE INTO visits SELECT u.id, REPEAT(t.title, 20), 1 FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
INSERT INTO visits SELECT u.id FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO visits SELECT u.id, t.nothing, 1 FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO visits (user_id, nothing) SELECT u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO accounts SELECT u.id, NULL, t.title, 1 FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
INSERT INTO visits SELECT id, name, age FROM users u JOIN tickets t ON t.user_id = u.id AND title = name;
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.points > 1000;
INSERT INTO visits SELECT user_id, title, points FROM tickets UNION ALL SELECT NULL, 'x', 1; -- refused: a row without the sharding key
SELECT * FROM visits ORDER BY user_id, page, n;

-- == locks
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id FOR UPDATE;
INSERT INTO tickets SELECT t.ticket + 100, u.id, u.name, t.points FROM tickets t JOIN users u ON u.id = t.user_id LOCK IN SHARE MODE;

-- == values of an execution
INSERT INTO visits SELECT u.id, t.title, ? FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.points > ?; -- bind 5, 1
INSERT INTO codes SELECT CONCAT(city, ?), SUM(balance) + ? FROM users WHERE city IS NOT NULL GROUP BY city HAVING COUNT(*) > ?; -- bind '?', 2, 1
INSERT INTO tickets (ticket, title, points) SELECT ? + u.id, ?, k.k FROM users u JOIN kinds k ON k.k = u.id ON DUPLICATE KEY UPDATE points = points + ?; -- bind 1, 'bound', 7
SELECT * FROM tickets ORDER BY ticket;

-- == an expression that is read twice | as it stands
INSERT INTO visits WITH x AS (SELECT user_id, SUM(points) AS s FROM tickets GROUP BY user_id) SELECT a.user_id, 'x', b.s FROM x a JOIN x b ON a.user_id = b.user_id;
BEGIN;
INSERT INTO visits WITH x AS (SELECT user_id, SUM(points) AS s FROM tickets GROUP BY user_id) SELECT a.user_id, 'x', b.s FROM x a JOIN x b ON a.user_id = b.user_id;
COMMIT;
SELECT * FROM visits ORDER BY user_id, page, n;

-- == transactions | as it stands
SET autocommit = 0;
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id;
ROLLBACK;
SELECT COUNT(*) FROM visits;
UPDATE tickets SET points = points + 100;
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id;
SELECT * FROM visits ORDER BY user_id, page, n;
INSERT INTO accounts SELECT u.id, 1, 'main', t.points FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.ticket = 3;
SELECT COUNT(*) FROM accounts;
COMMIT;
SET autocommit = 1;
BEGIN;
DELETE FROM tickets WHERE points > 104;
SAVEPOINT before_copy;
INSERT INTO tickets SELECT t.ticket + 100, u.id, u.name, t.points FROM tickets t JOIN users u ON u.id = t.user_id;
SELECT COUNT(*), SUM(points) FROM tickets;
ROLLBACK TO before_copy;
SELECT COUNT(*), SUM(points) FROM tickets;
COMMIT;
START TRANSACTION READ ONLY;
INSERT INTO visits SELECT u.id, t.title, t.points FROM users u JOIN tickets t ON t.user_id = u.id;
COMMIT;
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
INSERT INTO tickets SELECT t.ticket + 200, u.id, u.name, t.points FROM tickets t JOIN users u ON u.id = t.user_id;
SELECT * FROM tickets ORDER BY ticket;

-- == CREATE TABLE … SELECT | as it stands
CREATE TABLE plain_copy AS SELECT id, name FROM users WHERE id < 3 UNION ALL SELECT user_id, note FROM orders WHERE user_id < 3;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY id, name;
DROP TABLE plain_copy;
CREATE TABLE plain_copy (PRIMARY KEY (ticket)) AS SELECT t.ticket, u.name, u.balance, t.points * 2 AS twice FROM users u JOIN tickets t ON t.user_id = u.id;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY ticket;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT city, COUNT(*) AS n, SUM(balance) / 2 AS half FROM users GROUP BY city HAVING n > 1;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY city;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT id, name, (SELECT COUNT(*) FROM tickets t WHERE t.user_id = u.id) AS tickets FROM users u;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS WITH x AS (SELECT user_id, SUM(points) AS s FROM tickets GROUP BY user_id) SELECT u.name, x.s FROM users u JOIN x ON x.user_id = u.id;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY name;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT k.*, t.title FROM kinds k JOIN tickets t ON t.ticket = k.k;
SHOW FULL COLUMNS FROM plain_copy;
SELECT * FROM plain_copy ORDER BY k;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT id, ROW_NUMBER() OVER (ORDER BY name) AS nth FROM users;
SELECT * FROM plain_copy ORDER BY id;
CREATE TABLE IF NOT EXISTS plain_copy AS SELECT u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id;
CREATE OR REPLACE TABLE plain_copy AS SELECT u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id; -- mariadb
SELECT * FROM plain_copy ORDER BY id, 2;
DROP TABLE plain_copy;
CREATE TABLE copied AS SELECT t.user_id, u.name, t.ticket FROM users u JOIN tickets t ON t.user_id = u.id;
SHOW FULL COLUMNS FROM copied;
SELECT * FROM copied ORDER BY ticket;
DROP TABLE copied;
CREATE TABLE copied_rates AS SELECT t.user_id, u.name, t.ticket FROM users u JOIN tickets t ON t.user_id = u.id;
SELECT * FROM copied_rates ORDER BY ticket;
DROP TABLE copied_rates;
CREATE TABLE plain_copy (id BIGINT PRIMARY KEY) AS SELECT u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id; -- any-warnings
SELECT * FROM plain_copy;
CREATE TABLE plain_copy (id BIGINT PRIMARY KEY) REPLACE SELECT u.id, 1 AS one FROM users u JOIN tickets t ON t.user_id = u.id;
SELECT * FROM plain_copy ORDER BY id;
DROP TABLE plain_copy;
CREATE TABLE plain_copy AS SELECT u.id, t.id FROM users u JOIN tickets t ON t.user_id = u.id;
CREATE TABLE plain_copy AS SELECT u.id, t.ticket AS id FROM users u JOIN tickets t ON t.user_id = u.id;
SELECT * FROM plain_copy;

-- == ON DUPLICATE KEY UPDATE with columns of the query
INSERT INTO tickets (ticket, points) SELECT u.id, 1 FROM users u ON DUPLICATE KEY UPDATE points = tickets.points + u.age; -- any-warnings
INSERT INTO tickets (ticket, title) SELECT u.id, u.city FROM users u WHERE u.id < 9 ON DUPLICATE KEY UPDATE title = CONCAT(u.name, '-', u.age), points = points - u.id;
INSERT INTO codes SELECT c.code, k.k FROM codes c JOIN kinds k ON k.k = c.v ON DUPLICATE KEY UPDATE v = codes.v * 100 + k.big;
INSERT INTO codes (code, v) SELECT name, id FROM users u ON DUPLICATE KEY UPDATE v = u.balance / 3;
INSERT INTO codes (code, v) SELECT name, id FROM users u ON DUPLICATE KEY UPDATE v = u.balance / 3 + LENGTH(u.city);
INSERT INTO tickets (ticket) SELECT u.id FROM users u JOIN kinds k ON k.k = u.id ON DUPLICATE KEY UPDATE title = LEFT(CONCAT(k.exact, '|', k.d, '|', k.day, '|', k.clock), 20);
INSERT INTO tickets (ticket) SELECT u.id FROM users u JOIN kinds k ON k.k = u.id WHERE k.k IN (1, 5) ON DUPLICATE KEY UPDATE title = LEFT(CONCAT_WS('|', k.moment, k.fixed), 20), points = points + k.tiny;
INSERT INTO tickets (ticket) SELECT u.id FROM users u JOIN kinds k ON k.k = u.id WHERE k.k = 5 ON DUPLICATE KEY UPDATE title = CONCAT(k.latin, k.fixed); -- refused on mysql: two collations
INSERT INTO kinds (k, long_text) SELECT t.ticket, t.title FROM tickets t ON DUPLICATE KEY UPDATE long_text = CONCAT(IFNULL(kinds.long_text, 'none'), IFNULL(t.title, 'none')), exact = kinds.exact + t.points;
INSERT INTO kinds (k, long_text) SELECT t.ticket, t.title FROM tickets t ORDER BY t.title, t.ticket DESC LIMIT 4 ON DUPLICATE KEY UPDATE exact = 1.5 * t.points, long_text = t.title;
INSERT INTO kinds (k, blob_) SELECT t.ticket, s.blob_ FROM tickets t JOIN kinds s ON s.k = t.ticket WHERE s.k IN (1, 4, 5) ON DUPLICATE KEY UPDATE blob_ = CONCAT(s.blob_, s.bytes), day = s.day;
INSERT INTO rates SELECT LEFT(c.code, 3), c.v FROM codes c WHERE c.code IN ('alpha', 'beta') ON DUPLICATE KEY UPDATE rate = c.v;
INSERT INTO rates SELECT 'EUR', c.v FROM codes c WHERE c.v < 4 ORDER BY c.v ON DUPLICATE KEY UPDATE rate = rates.rate * 10 + c.v;
INSERT INTO products (id, name) SELECT u.id, CONCAT('p', u.name) FROM users u WHERE u.id < 8 ON DUPLICATE KEY UPDATE stock = products.stock + u.id, price = u.balance + products.price;
INSERT INTO audit (id, who) SELECT u.id, u.name FROM users u WHERE u.id < 4 ON DUPLICATE KEY UPDATE what = CONCAT(audit.what, '/', u.city);
INSERT INTO orders (id, user_id, note) SELECT o.id, o.user_id, t.title FROM orders o JOIN tickets t ON t.ticket = o.product_id ON DUPLICATE KEY UPDATE note = CONCAT(t.title, t.points), total = orders.total + t.points;
INSERT INTO tickets (ticket, points) SELECT u.id, 1 FROM users u WHERE u.id = 5 ON DUPLICATE KEY UPDATE points = tickets.points + u.nothing;
INSERT INTO tickets (ticket, points) SELECT u.id, k.big FROM users u JOIN kinds k ON k.k = u.id WHERE k.k = 4 ON DUPLICATE KEY UPDATE points = k.big - 1;
INSERT INTO tickets (ticket, points) SELECT u.id, 1 FROM users u WHERE u.id < 0 ON DUPLICATE KEY UPDATE points = tickets.points + u.age;
INSERT INTO tickets (ticket, points) SELECT u.id, 1 FROM users u WHERE u.id = 6 ON DUPLICATE KEY UPDATE title = REPEAT(u.name, 10);
INSERT INTO tickets (ticket, points) SELECT u.id, 1 FROM users u WHERE u.id < 4 ON DUPLICATE KEY UPDATE points = tickets.points + VALUES(points) + u.id; -- any-warnings
INSERT INTO kinds (k) SELECT u.id FROM users u JOIN kinds s ON s.k = u.id WHERE u.id < 6 ON DUPLICATE KEY UPDATE one = s.one; -- refused: an ENUM as an expression
INSERT INTO kinds (k) SELECT u.id FROM users u JOIN kinds s ON s.k = u.id WHERE u.id < 6 ON DUPLICATE KEY UPDATE f = s.f; -- refused: a FLOAT as an expression
INSERT INTO tickets (ticket, points) SELECT DISTINCT u.id, 1 FROM users u ON DUPLICATE KEY UPDATE points = tickets.points + u.age; -- refused: DISTINCT
INSERT INTO tickets (ticket, points) SELECT u.id, COUNT(*) FROM users u GROUP BY u.id ON DUPLICATE KEY UPDATE points = tickets.points + u.id; -- refused on mariadb: groups
SELECT * FROM tickets ORDER BY ticket;
SELECT * FROM codes ORDER BY code;
SELECT k, exact, HEX(blob_), long_text, day FROM kinds ORDER BY k;
SELECT * FROM rates ORDER BY cur;
SELECT * FROM products ORDER BY id;
SELECT id, note, total FROM orders ORDER BY id;

-- == VALUES that ON DUPLICATE KEY UPDATE needs of a generated id
INSERT INTO orders (user_id, note) SELECT t.user_id, t.title FROM tickets t WHERE t.user_id < 50 ORDER BY t.ticket ON DUPLICATE KEY UPDATE total = t.points;
SELECT user_id, note, total FROM orders WHERE note LIKE 't%' ORDER BY id;

-- == CREATE TEMPORARY TABLE … SELECT | as it stands
CREATE TEMPORARY TABLE mine AS SELECT id, name, balance, city FROM users WHERE id < 9;
SHOW FULL COLUMNS FROM mine;
SELECT * FROM mine ORDER BY id;
SELECT city, COUNT(*), SUM(balance) FROM mine GROUP BY city HAVING COUNT(*) > 0 ORDER BY city;
UPDATE mine SET name = CONCAT(name, '!') WHERE id < 4;
DELETE FROM mine WHERE id = 5;
BEGIN;
INSERT INTO mine VALUES (100, 'new', 1, NULL);
SELECT * FROM mine ORDER BY id;
ROLLBACK;
SELECT * FROM mine ORDER BY id;
SELECT m.id, a.who FROM mine m JOIN audit a ON a.id = m.id ORDER BY m.id;
SELECT m.id, p.name FROM mine m JOIN products p ON p.id = m.id ORDER BY m.id;
SELECT m.id, u.age FROM mine m JOIN users u ON u.id = m.id ORDER BY m.id; -- refused: rows of a temporary table do not travel
SELECT m.id, t.title FROM mine m, tickets t WHERE t.user_id = m.id; -- refused: rows of a temporary table do not travel
SELECT id FROM users WHERE id IN (SELECT id FROM mine); -- refused: rows of a temporary table do not travel
INSERT INTO visits SELECT id, name, 1 FROM mine WHERE id < 3;
INSERT INTO mine SELECT id, name, balance, city FROM users; -- refused: the columns of a temporary table are not known
UPDATE users u JOIN mine m ON m.id = u.id SET u.age = 1; -- refused: rows of a temporary table do not travel
CREATE TEMPORARY TABLE mine AS SELECT id FROM users;
CREATE TEMPORARY TABLE IF NOT EXISTS mine AS SELECT id FROM users; -- any-warnings
SELECT COUNT(*) FROM mine;
DROP TEMPORARY TABLE mine;
SELECT * FROM mine;
CREATE TEMPORARY TABLE mine (nr INT NOT NULL AUTO_INCREMENT PRIMARY KEY, title VARCHAR(10)) AS SELECT u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id ORDER BY t.ticket;
SELECT * FROM mine ORDER BY nr;
DROP TEMPORARY TABLE mine;
CREATE TEMPORARY TABLE mine (PRIMARY KEY (k)) SELECT * FROM kinds;
SHOW FULL COLUMNS FROM mine;
SELECT * FROM mine ORDER BY k;
DROP TABLE mine;
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY) AS SELECT u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id; -- any-warnings
SELECT * FROM mine;
CREATE TEMPORARY TABLE mine (id BIGINT PRIMARY KEY) IGNORE AS SELECT u.id, 1 AS one FROM users u JOIN tickets t ON t.user_id = u.id; -- any-warnings
SELECT * FROM mine ORDER BY id;
DROP TEMPORARY TABLE mine;
CREATE TEMPORARY TABLE mine AS SELECT city, COUNT(*) AS n FROM users GROUP BY city HAVING n > 1 UNION ALL SELECT code, v FROM codes;
SELECT * FROM mine ORDER BY city, n;
CREATE TEMPORARY TABLE audit AS SELECT id FROM users; -- refused: the name of a table that is there
BEGIN;
CREATE TEMPORARY TABLE more AS SELECT id FROM users; -- refused: in a transaction
COMMIT;
SELECT * FROM mine ORDER BY city, n;
DROP TEMPORARY TABLE mine;
