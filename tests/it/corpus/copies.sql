-- setup: kinds.sql
-- Rows of queries, from anywhere to anywhere: INSERT … SELECT and REPLACE … SELECT. by_n is sharded by a number that kinds
-- and orders are not sharded by, by_word by a string; everywhere is a reference table, lone is on one source, counted
-- has generated ids and is sharded by n, own by its generated id.

CREATE TABLE by_n (n INT NOT NULL, k INT NOT NULL, v VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL, d DECIMAL(12,4) DEFAULT NULL, PRIMARY KEY (n, k)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE by_word (word VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, n INT DEFAULT NULL, PRIMARY KEY (word)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE everywhere (id INT NOT NULL PRIMARY KEY, v VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL, n INT DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE lone (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL, n INT DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE counted (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, v VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL, UNIQUE KEY n_key (n)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci AUTO_INCREMENT=2001;
CREATE TABLE own (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL, n INT DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci AUTO_INCREMENT=7001;
CREATE TABLE moved (
  n INT NOT NULL, k INT NOT NULL,
  c_tiny TINYINT DEFAULT NULL, c_utiny TINYINT UNSIGNED DEFAULT NULL, c_small SMALLINT DEFAULT NULL, c_medium MEDIUMINT DEFAULT NULL,
  c_int INT DEFAULT NULL, c_uint INT UNSIGNED DEFAULT NULL, c_big BIGINT DEFAULT NULL, c_ubig BIGINT UNSIGNED DEFAULT NULL,
  c_dec DECIMAL(30,10) DEFAULT NULL, c_dec0 DECIMAL(20,0) DEFAULT NULL, c_float FLOAT DEFAULT NULL, c_double DOUBLE DEFAULT NULL,
  c_bit BIT(10) DEFAULT NULL, c_date DATE DEFAULT NULL, c_dt DATETIME(6) DEFAULT NULL, c_ts TIMESTAMP NULL DEFAULT NULL,
  c_time TIME(3) DEFAULT NULL, c_year YEAR DEFAULT NULL,
  c_char CHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_ci VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_cs VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  c_uni VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DEFAULT NULL,
  c_latin VARCHAR(50) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL,
  c_ascii VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  c_binary BINARY(4) DEFAULT NULL, c_varbinary VARBINARY(20) DEFAULT NULL,
  c_text TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, c_blob BLOB,
  c_enum ENUM('small','Large','medium') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_set SET('a','b','c','d') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_json JSON DEFAULT NULL,
  PRIMARY KEY (n, k)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE wide (
  n INT NOT NULL PRIMARY KEY, c_text VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  c_bytes VARBINARY(200) DEFAULT NULL, c_big BIGINT DEFAULT NULL, c_dec DECIMAL(40,12) DEFAULT NULL, c_double DOUBLE DEFAULT NULL,
  c_dt DATETIME(6) DEFAULT NULL, c_date DATE DEFAULT NULL, c_time TIME(6) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Every type, to shards of another key.
INSERT INTO moved SELECT k * 7 + 1000, kinds.* FROM kinds;
SELECT * FROM moved ORDER BY n, k;
SELECT n, HEX(c_bit), HEX(c_char), HEX(c_latin), HEX(c_binary), HEX(c_varbinary), HEX(c_blob), c_enum + 0, c_set + 0, c_float * 1e0, c_double * 1e0, c_time * 1e0, c_ts + 0 FROM moved ORDER BY n, k;
SELECT COUNT(*) FROM moved JOIN by_n ON 1 = 0; -- may-refuse
DELETE FROM moved;
BEGIN;
INSERT INTO moved SELECT k * 5 + 1000, kinds.* FROM kinds ORDER BY k;
SELECT * FROM moved ORDER BY n, k;
SELECT COUNT(*) FROM moved;
ROLLBACK;
SELECT COUNT(*) FROM moved;
REPLACE INTO moved SELECT k + 2000, kinds.* FROM kinds WHERE k > 3;
REPLACE INTO moved SELECT k + 2000, kinds.* FROM kinds WHERE k > 2;
SELECT n, k, c_text, c_json FROM moved ORDER BY n, k;

-- Other types than they came from.
INSERT INTO wide (n, c_text, c_bytes, c_big, c_dec, c_double) SELECT k + 10, c_int, c_int, c_int, c_int, c_int FROM kinds;
INSERT INTO wide (n, c_text, c_bytes, c_big, c_dec, c_double) SELECT k + 60, c_dec, c_dec, ROUND(c_dec / 10000), c_dec, c_dec FROM kinds;
INSERT INTO wide (n, c_text, c_bytes, c_dec, c_double) SELECT k + 110, c_double, c_double, LEAST(c_double, 100), c_double FROM kinds;
INSERT INTO wide (n, c_text, c_double) SELECT k + 160, c_float, c_float FROM kinds;
INSERT INTO wide (n, c_text, c_bytes, c_big) SELECT k + 210, c_bit, c_bit, c_bit FROM kinds WHERE c_bit < 100;
INSERT INTO wide (n, c_text, c_bytes, c_big, c_date, c_dt) SELECT k + 260, c_date, c_date, c_date, c_date, c_date FROM kinds;
INSERT INTO wide (n, c_text, c_bytes, c_big, c_dec, c_dt) SELECT k + 310, c_dt, c_dt, c_dt, c_dt, c_dt FROM kinds; -- any-warnings | any-info
INSERT INTO wide (n, c_text, c_bytes, c_big, c_dt) SELECT k + 360, c_ts, c_ts, c_ts, c_ts FROM kinds;
INSERT INTO wide (n, c_text, c_bytes, c_big, c_time) SELECT k + 410, c_time, c_time, c_time, c_time FROM kinds; -- any-warnings | any-info
INSERT INTO wide (n, c_text, c_bytes, c_big) SELECT k + 460, c_year, c_year, c_year FROM kinds;
INSERT INTO wide (n, c_text, c_bytes) SELECT k + 510, c_latin, c_latin FROM kinds;
INSERT INTO wide (n, c_text, c_bytes) SELECT k + 560, c_ci, c_ci FROM kinds;
INSERT INTO wide (n, c_bytes) SELECT k + 610, c_varbinary FROM kinds;
INSERT INTO wide (n, c_text, c_bytes) SELECT k + 660, c_enum, c_set FROM kinds;
INSERT INTO wide (n, c_text) SELECT k + 710, c_json FROM kinds;
INSERT INTO wide (n, c_big) SELECT k + 760, c_enum FROM kinds; -- refused
INSERT INTO wide (n, c_text, c_big) SELECT k + 810, COUNT(*) OVER (), 5 FROM kinds WHERE k = 3;
INSERT INTO wide (n, c_text, c_bytes) SELECT k + 860, CONCAT(c_latin, '!'), CONCAT(c_latin, '!') FROM kinds; -- may-refuse
SELECT n, c_text, HEX(c_text), HEX(c_bytes), c_big, c_dec, c_double, c_dt, c_date, c_time FROM wide ORDER BY n;

-- From here to there.
INSERT INTO by_n (n, k, v, d) SELECT id, user_id, note, total FROM orders;
INSERT INTO by_n SELECT id + 1000, user_id, note, total FROM orders WHERE user_id = 3;
INSERT INTO by_n (k, n) SELECT id, quantity + 5000 FROM order_items WHERE product_id < 4 ORDER BY price LIMIT 5;
INSERT INTO by_n (n, k, d) SELECT 6000 + user_id, COUNT(*), SUM(total) FROM orders GROUP BY user_id;
INSERT INTO by_n (n, k, v) SELECT DISTINCT 7000 + product_id, 1, status FROM orders WHERE status = 'new';
INSERT INTO by_n (n, k, d) SELECT 8000, 1, AVG(total) FROM orders;
INSERT INTO by_n (n, k, v) SELECT o.id + 9000, u.id, u.name FROM orders o JOIN users u ON u.id = o.user_id;
INSERT INTO by_n (n, k, v) SELECT 10000 + p.id, 1, p.name FROM products p;
INSERT INTO by_n (n, k, v) SELECT 11000, 1, 'one';
INSERT INTO by_n (n, k, v) SELECT 11001, 1, 'a' UNION ALL SELECT 11002, 2, 'b';
INSERT INTO by_n (n, k, v) (SELECT 11003, 1, 'in parentheses');
INSERT INTO by_n (n, k, v) WITH c AS (SELECT 11004 AS a, 2 AS b, 'c' AS c) SELECT a, b, c FROM c;
INSERT INTO by_n (n, k, v) SELECT id + 12000, 1, name FROM users WHERE id IN (1, 2, 3);
INSERT INTO by_n (n, k, v) SELECT user_id + 13000, 1, (SELECT MAX(name) FROM products) FROM orders WHERE id = 101;
INSERT /* a comment */ INTO by_n /* another */ (n, k, v) /* and */ SELECT 13500, 7, 'comment' -- at the end
;
SELECT * FROM by_n ORDER BY n, k;
INSERT INTO by_word SELECT DISTINCT status, 1 FROM orders;
INSERT INTO by_word (n, word) SELECT id, name FROM users;
INSERT INTO by_word (n, word) SELECT id, CONCAT(name, id) FROM users;
INSERT INTO by_word (word, n) SELECT c_latin, MAX(k) FROM kinds WHERE c_latin <> '' AND k IN (7, 8, 9) GROUP BY c_latin; -- may-refuse
SELECT * FROM by_word ORDER BY word;
INSERT INTO everywhere SELECT id, note, user_id FROM orders;
INSERT INTO everywhere (id, n) SELECT user_id + 1000, COUNT(*) FROM orders GROUP BY user_id ORDER BY user_id LIMIT 7;
INSERT INTO everywhere (id, n) SELECT id + 2000, id FROM products;
INSERT INTO everywhere (id, v) SELECT id + 3000, v FROM lone;
INSERT INTO everywhere (id, v) SELECT id + 3100, RAND() < 2 FROM products;
SELECT * FROM everywhere ORDER BY id;
INSERT INTO lone (v, n) SELECT note, id FROM orders ORDER BY id;
SELECT LAST_INSERT_ID();
SELECT * FROM lone ORDER BY id;
INSERT INTO lone (id, v) SELECT 5000 + n, v FROM by_n WHERE k = 1 AND n < 20000 ORDER BY n;
SELECT LAST_INSERT_ID();
SELECT COUNT(*), MIN(id), MAX(id) FROM lone;
INSERT INTO users (name, email) SELECT CONCAT('copy of ', name), email FROM users WHERE id < 20 ORDER BY id;
SELECT LAST_INSERT_ID();
SELECT COUNT(*) FROM users;
SELECT name, email FROM users WHERE id = LAST_INSERT_ID(); -- may-refuse
INSERT INTO orders (user_id, product_id, status) SELECT user_id, product_id, status FROM orders WHERE user_id = 3 ORDER BY id;
SELECT LAST_INSERT_ID();
SELECT COUNT(*) FROM orders WHERE user_id = 3;
INSERT INTO sparse SELECT id + 100000, quantity FROM order_items;
INSERT INTO sparse TABLE sparse; -- mysql | may-refuse
SELECT COUNT(*), SUM(k), SUM(v) FROM sparse;

-- Ids.
DELETE FROM orders WHERE id > 160;
INSERT INTO counted (n, v) SELECT id, note FROM orders ORDER BY id;
SELECT LAST_INSERT_ID();
SELECT n, v FROM counted ORDER BY id;
SELECT MIN(n) FROM counted WHERE id = LAST_INSERT_ID();
INSERT INTO own (v, n) SELECT name, id FROM users WHERE id < 20 ORDER BY id DESC;
SELECT LAST_INSERT_ID();
SELECT v, n FROM own ORDER BY id;
SELECT n FROM own WHERE id = LAST_INSERT_ID();
INSERT INTO own SELECT NULL, v, n FROM counted ORDER BY n LIMIT 3;
INSERT INTO own (id, v) SELECT IF(k = 3, 0, NULL), 'asks' FROM kinds WHERE k IN (2, 3);
INSERT INTO own (id, n) SELECT 100000, 77;
SELECT LAST_INSERT_ID() > 5;
INSERT INTO own (id, n) SELECT 1000 + id, id FROM products ORDER BY id;
SELECT v, n FROM own WHERE n = 77 OR v = 'asks' ORDER BY v;
SELECT COUNT(*) FROM own;
INSERT INTO own (v, n) SELECT v, n FROM own ORDER BY id;
SELECT COUNT(*), SUM(n) FROM own;
INSERT IGNORE INTO counted (n, v) SELECT id + 55, 'again' FROM orders ORDER BY id;
SELECT LAST_INSERT_ID();
SELECT n FROM counted WHERE id = LAST_INSERT_ID();
SELECT n, v FROM counted ORDER BY n;
INSERT IGNORE INTO counted (n, v) SELECT id, 'nothing' FROM orders;
SELECT n FROM counted WHERE id = LAST_INSERT_ID();
REPLACE INTO counted (n, v) SELECT id, 'replaced' FROM orders WHERE id < 110;
SELECT n, v FROM counted ORDER BY n;

-- What is there already.
INSERT INTO by_n (n, k, v) SELECT id, user_id, 'new' FROM orders WHERE id < 110;
SELECT COUNT(*) FROM by_n WHERE v = 'new';
INSERT IGNORE INTO by_n (n, k, v) SELECT id, user_id, 'new' FROM orders WHERE id < 110;
INSERT IGNORE INTO by_n (n, k, v) SELECT id - 5, user_id, 'new' FROM orders WHERE id < 110;
SELECT n, k, v FROM by_n WHERE v = 'new' ORDER BY n, k;
REPLACE INTO by_n (n, k, v) SELECT id, user_id, 'replaced' FROM orders WHERE id < 110;
INSERT INTO by_n (n, k, v) SELECT id, user_id, 'x' FROM orders WHERE id < 115 ON DUPLICATE KEY UPDATE v = VALUES(v);
INSERT INTO by_n (n, k, v) SELECT id, user_id, 'x' FROM orders WHERE id < 115 ON DUPLICATE KEY UPDATE v = VALUES(v);
INSERT INTO by_n (n, k, v) SELECT id, user_id, 'y' FROM orders WHERE id < 120 ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v)), by_n.d = IFNULL(by_n.d, 0) + 1;
INSERT INTO by_n (n, k, v) SELECT id, user_id, 'z' FROM orders WHERE id = 101 ON DUPLICATE KEY UPDATE v = 'literal', d = 5;
INSERT INTO by_n (n, k, v) SELECT id, user_id, 'z' FROM orders WHERE id < 120 ON DUPLICATE KEY UPDATE v = note; -- may-refuse
INSERT INTO by_n (n, k, v) SELECT id, user_id, 'z' FROM orders WHERE id < 120 ON DUPLICATE KEY UPDATE k = VALUES(k);
SELECT n, k, v, d FROM by_n WHERE n < 130 ORDER BY n, k;
INSERT INTO everywhere (id, v) SELECT id, 'e' FROM orders WHERE id < 105 ON DUPLICATE KEY UPDATE v = CONCAT(IFNULL(v, ''), VALUES(v));
INSERT IGNORE INTO everywhere (id, v) SELECT id, 'ignored' FROM orders WHERE id < 105;
REPLACE INTO everywhere (id, v) SELECT id, 'replaced' FROM orders WHERE id < 103;
SELECT * FROM everywhere WHERE id < 110 ORDER BY id;
INSERT INTO everywhere (id, v) SELECT id, 'dup' FROM orders;

-- What is wrong.
INSERT INTO by_n (n, k) SELECT id, user_id, note FROM orders;
INSERT INTO by_n (n, k, v) SELECT id, user_id FROM orders;
INSERT INTO by_n (n, k, v) SELECT id, user_id FROM orders WHERE id < 0;
INSERT INTO by_n (n, k, nothing) SELECT id, user_id, note FROM orders;
INSERT INTO by_n (n, k, v) SELECT id, user_id, nothing FROM orders;
INSERT INTO nowhere (n, k, v) SELECT id, user_id, note FROM orders; -- may-refuse
INSERT INTO by_n (n, k) SELECT id + 20000, product_id - 300000000000 FROM orders ORDER BY id;
INSERT INTO by_n (n, k) SELECT 20000 + id, NULLIF(id, 120) FROM orders ORDER BY id;
INSERT INTO by_n (n, k) SELECT NULLIF(id, 120), id FROM orders ORDER BY id;
INSERT INTO by_n (n, k, v) SELECT id + 20000, 1, REPEAT('long', id - 100) FROM orders ORDER BY id;
INSERT INTO by_n (n, k, d) SELECT id + 20000, 1, 'no number' FROM orders ORDER BY id;
SELECT COUNT(*) FROM by_n WHERE n >= 20000;
SET sql_mode = '';
INSERT INTO by_n (n, k, v) SELECT id + 20000, 1, REPEAT('long', id - 100) FROM orders ORDER BY id;
SHOW WARNINGS;
INSERT INTO by_n (n, k) SELECT id + 21000, NULLIF(id, 120) FROM orders ORDER BY id;
SHOW WARNINGS;
INSERT INTO by_n (n, k) SELECT 22000, NULL;
SHOW WARNINGS;
INSERT INTO by_n (n, k, d) SELECT id + 23000, 1, 'no number' FROM orders WHERE id < 110 ORDER BY id;
SHOW WARNINGS;
SET sql_mode = DEFAULT;
INSERT IGNORE INTO by_n (n, k, v) SELECT id + 24000, 1, REPEAT('long', id - 100) FROM orders WHERE id < 115 ORDER BY id;
SHOW WARNINGS;
SELECT n, k, v, d FROM by_n WHERE n >= 20000 ORDER BY n, k;
INSERT INTO by_n (n, k) SELECT id + 30000, 1 FROM orders WHERE id < 0;
INSERT INTO everywhere (id) SELECT id FROM orders WHERE id < 0;
INSERT INTO lone (n) SELECT id FROM orders WHERE id < 0;

-- In a transaction: own writes are seen, a failure undoes the statement alone.
BEGIN;
INSERT INTO by_n (n, k, v) VALUES (40000, 1, 'mine');
UPDATE orders SET note = 'changed' WHERE id = 101;
INSERT INTO by_n (n, k, v) SELECT n + 1, k, v FROM by_n WHERE n = 40000;
INSERT INTO by_n (n, k, v) SELECT id + 41000, 1, note FROM orders WHERE id IN (101, 102);
INSERT INTO by_n (n, k, v) SELECT n + 2, k, v FROM by_n WHERE n >= 40000 ORDER BY n;
INSERT INTO by_n (n, k, v) SELECT n, k, v FROM by_n WHERE n >= 40000 ORDER BY n;
SELECT n, k, v FROM by_n WHERE n >= 40000 ORDER BY n;
INSERT INTO everywhere (id, v) SELECT n, v FROM by_n WHERE n >= 40000;
INSERT INTO counted (n, v) SELECT n, v FROM by_n WHERE n >= 40000 ORDER BY n;
SELECT n, v FROM counted WHERE n >= 40000 ORDER BY id;
SAVEPOINT s;
INSERT INTO own (v, n) SELECT v, n FROM by_n WHERE n >= 40000 ORDER BY n;
ROLLBACK TO s;
COMMIT;
SELECT COUNT(*) FROM own WHERE n >= 40000;
SELECT COUNT(*) FROM everywhere WHERE id >= 40000;
SET autocommit = 0;
INSERT INTO by_n (n, k, v) SELECT n + 5000, k, v FROM by_n WHERE n >= 40000 ORDER BY n;
SELECT COUNT(*) FROM by_n WHERE n >= 40000;
ROLLBACK;
SELECT COUNT(*) FROM by_n WHERE n >= 40000;
SET autocommit = 1;
-- It ends, and meets no row of its own.
INSERT INTO by_n (n, k, v) SELECT n + 100000, k, v FROM by_n;
INSERT INTO by_n (n, k, v) SELECT n + 200000, k, v FROM by_n;
SELECT COUNT(*), SUM(n), SUM(k) FROM by_n;
SET @a = 5, @b = 'variable';
INSERT INTO by_n (n, k, v) SELECT 900000 + @a, id, @b FROM orders WHERE id = 101;
INSERT INTO by_n (n, k, v) SELECT 900100 + id, id, DATABASE() IS NULL FROM orders WHERE id = 101;
SELECT * FROM by_n WHERE n > 899999 ORDER BY n;
INSERT INTO by_n (n, k, v) SELECT id + 910000, id, note FROM orders WHERE id < 104 FOR UPDATE;
INSERT INTO by_n (n, k, v) SELECT id + 920000, id, note FROM orders WHERE id < 104 LOCK IN SHARE MODE;
SET sql_select_limit = 2;
INSERT INTO by_n (n, k, v) SELECT id + 930000, id, note FROM orders WHERE id < 110;
SET sql_select_limit = DEFAULT;
SELECT COUNT(*) FROM by_n WHERE n > 909999;
INSERT INTO by_n (n, k, v) VALUES ROW(950001, 1, 'row'), ROW(950002, 2, NULL); -- mysql | may-refuse
INSERT INTO by_n (n, k, v) SELECT * FROM (SELECT 950003 AS a, 3 AS b, 'derived' AS c) AS d;
SELECT n, k, v FROM by_n WHERE n > 950000 ORDER BY n;

-- What is left on a connection, and what text does not tell.
INSERT INTO by_n (n, k, v) SELECT id + 960000, LAST_INSERT_ID(7), note FROM orders WHERE id < 104; -- refused
INSERT INTO by_n (n, k, v) SELECT id + 960000, 1, note FROM orders WHERE id < 104 ON DUPLICATE KEY UPDATE d = LAST_INSERT_ID(4); -- refused
INSERT INTO by_n (n, k, v) SELECT id + 960000, @c := id, note FROM orders WHERE id < 104; -- refused
INSERT INTO by_n (n, k, v) SELECT id + 960000, @c := id, note FROM orders WHERE user_id = 3; -- refused
INSERT INTO moved (n, k, c_json) SELECT 960000 + id, 1, JSON_OBJECT('a', id, 'b', 'text') FROM orders WHERE id < 104;
INSERT INTO moved (n, k, c_json) SELECT 960100 + id, 1, JSON_OBJECT('a', 1.10) FROM orders WHERE id < 104; -- mariadb
INSERT INTO moved (n, k, c_json) SELECT 960100 + id, 1, JSON_OBJECT('a', 1.10) FROM orders WHERE id < 104; -- mysql | refused
INSERT INTO moved (n, k, c_json) SELECT 960200 + id, 1, JSON_ARRAY(DATE'2024-02-29') FROM orders WHERE id < 104; -- mariadb
INSERT INTO moved (n, k, c_json) SELECT 960200 + id, 1, JSON_ARRAY(DATE'2024-02-29') FROM orders WHERE id < 104; -- mysql | refused
INSERT INTO moved (n, k, c_json) SELECT 960300 + id, 1, CAST(JSON_OBJECT('a', 1.10) AS CHAR) FROM orders WHERE id < 104;
SELECT n, c_json, JSON_TYPE(JSON_EXTRACT(c_json, '$.a')) FROM moved WHERE n > 960000 ORDER BY n;

-- Keys and ids that a server computes.
INSERT INTO by_word (word, n) VALUES (DATE'2024-02-28' + INTERVAL 1 DAY, 1), (TIMESTAMP'2024-02-28 10:00:00' + INTERVAL 1 DAY, 2), (ADDTIME(TIME'10:00:00', TIME'-26:00:00'), 3), (ADDTIME(TIME'10:00:00.5', TIME'01:00:00.25'), 4), (CONCAT('com', 'puted'), 5);
SELECT word, n FROM by_word WHERE word < 'A' OR n = 5 ORDER BY word;
SELECT n FROM by_word WHERE word = '2024-02-29';
INSERT INTO sparse (k, v) VALUES (DATE'2024-02-28' + INTERVAL 1 DAY + 0, 1);
SELECT k, v FROM sparse WHERE k > 20000000;

-- RETURNING (MariaDB) of rows that move.
INSERT INTO by_n (n, k, v) SELECT id + 970000, id, note FROM orders WHERE id < 110 ORDER BY id DESC RETURNING n, k, v; -- mariadb | ordered
SELECT ROW_COUNT(), FOUND_ROWS(); -- mariadb | may-refuse
INSERT INTO by_n (n, k, v) SELECT id + 970100, id, note FROM orders WHERE id < 110 RETURNING n, UPPER(v) AS up, d IS NULL, by_n.k + 1; -- mariadb
INSERT INTO by_n (n, k, v) SELECT id + 970200, id, note FROM orders WHERE id < 104 ORDER BY id RETURNING *; -- mariadb | ordered
INSERT INTO by_n (n, k, v) SELECT id + 970300, id, note FROM orders WHERE id < 0 RETURNING n, k AS other; -- mariadb | ordered
INSERT INTO by_n (n, k, v) SELECT id + 970000, id, 'again' FROM orders WHERE id < 110 RETURNING n; -- mariadb
INSERT IGNORE INTO by_n (n, k, v) SELECT id + 969995, id - 5, 'ignored' FROM orders WHERE id < 110 ORDER BY id RETURNING n, k, v; -- mariadb | ordered
INSERT IGNORE INTO by_n (n, k, v) SELECT id + 969990, id - 10, 'ignored' FROM orders WHERE id < 110 RETURNING n, k, v; -- mariadb
INSERT IGNORE INTO by_n (n, k, v) SELECT id + 970000, id, 'ignored' FROM orders WHERE id < 110 RETURNING n, k, v; -- mariadb
SHOW WARNINGS; -- mariadb
REPLACE INTO by_n (n, k, v) SELECT id + 970000, id, 'replaced' FROM orders WHERE id < 112 ORDER BY id RETURNING n, v; -- mariadb | ordered
INSERT INTO by_n (n, k, v) SELECT id + 970000, id, 'x' FROM orders WHERE id < 114 ORDER BY id ON DUPLICATE KEY UPDATE v = CONCAT(by_n.v, VALUES(v)) RETURNING n, v; -- mariadb | ordered
INSERT INTO by_n (n, k, v) SELECT id + 970000, id, 'x' FROM orders WHERE id < 114 ORDER BY id ON DUPLICATE KEY UPDATE v = note RETURNING n, v; -- mariadb | ordered
INSERT IGNORE INTO by_n (n, k, v) SELECT id + 970000, id, 'x' FROM orders WHERE id < 116 ORDER BY id ON DUPLICATE KEY UPDATE v = VALUES(v) RETURNING n, v; -- mariadb | ordered
INSERT INTO by_n (n, k, v) SELECT n, k + 1, 'in place' FROM by_n WHERE n > 970000 AND n < 970120 RETURNING n, v; -- mariadb
INSERT INTO by_n (n, k, v) SELECT n, k + 2, 'in place' FROM by_n WHERE n > 970000 AND n < 970120 AND v <> 'in place' ORDER BY n RETURNING n, k; -- mariadb | ordered
INSERT INTO by_n (n, k) SELECT id + 971000, NULLIF(id, 105) FROM orders WHERE id < 110 RETURNING n; -- mariadb
SELECT n, k, v FROM by_n WHERE n > 970000 ORDER BY n, k; -- mariadb
INSERT INTO everywhere (id, v, n) SELECT id + 970000, note, id FROM orders WHERE id < 105 ORDER BY id RETURNING id, v; -- mariadb | ordered
INSERT INTO everywhere (id, n) SELECT id + 971000, id FROM products RETURNING id; -- mariadb
INSERT IGNORE INTO everywhere (id, n) SELECT id + 970000, id FROM orders WHERE id < 107 ORDER BY id RETURNING id, n; -- mariadb | ordered
SELECT COUNT(*) FROM everywhere WHERE id > 970000; -- mariadb
INSERT INTO lone (v) VALUES ('one') RETURNING v, n; -- mariadb
INSERT INTO lone (v, n) SELECT note, id FROM orders WHERE id < 105 ORDER BY id RETURNING v, n; -- mariadb | ordered
SELECT v, n FROM lone WHERE id = LAST_INSERT_ID(); -- mariadb
INSERT INTO lone (v, n) VALUES ('two', 2), ('three', 3) RETURNING v, n; -- mariadb | ordered
SELECT v, n FROM lone WHERE id = LAST_INSERT_ID(); -- mariadb
INSERT INTO own (v, n) SELECT note, id FROM orders WHERE id < 106 ORDER BY id RETURNING v, n; -- mariadb | ordered
SELECT v, n FROM own WHERE id = LAST_INSERT_ID(); -- mariadb
INSERT INTO own (id, v, n) SELECT id + 970000, note, id FROM orders WHERE id < 106 ORDER BY id RETURNING id, n; -- mariadb | ordered
SELECT v, n FROM own WHERE id = LAST_INSERT_ID(); -- mariadb
INSERT IGNORE INTO counted (n, v) SELECT id + 969998, 'returned' FROM orders WHERE id < 106 ORDER BY id RETURNING n, v; -- mariadb | ordered
INSERT IGNORE INTO counted (n, v) SELECT id + 970000, 'returned' FROM orders WHERE id < 106 ORDER BY id RETURNING n, v; -- mariadb | ordered
SELECT n FROM counted WHERE id = LAST_INSERT_ID(); -- mariadb
INSERT INTO wide (n, c_text, c_bytes, c_big, c_dec, c_double, c_dt, c_date, c_time) SELECT k + 970000, c_ci, c_varbinary, c_int, LEAST(c_dec, 5), c_float, c_dt, c_date, '10:00:00.5' FROM kinds RETURNING *; -- mariadb | any-warnings
BEGIN; -- mariadb
INSERT INTO by_n (n, k, v) SELECT id + 972000, id, note FROM orders WHERE id < 105 ORDER BY id RETURNING n, v; -- mariadb | ordered
INSERT INTO by_n (n, k, v) SELECT n + 5, k, v FROM by_n WHERE n > 972000 ORDER BY n RETURNING n, v; -- mariadb
SELECT n, k, v FROM by_n WHERE n > 972000 ORDER BY n; -- mariadb
ROLLBACK; -- mariadb
SELECT COUNT(*) FROM by_n WHERE n > 972000; -- mariadb
INSERT INTO by_n (n, k, v) SELECT id + 973000, id, note FROM orders WHERE id < 105 RETURNING n, nothing; -- mariadb
INSERT INTO by_n (n, k, v) SELECT id + 973000, id, note FROM orders WHERE id < 105 RETURNING n, orders.id; -- mariadb
INSERT INTO by_n (n, k, v) SELECT id + 973000, id, note FROM orders WHERE id < 105 RETURNING n, (SELECT COUNT(*) FROM products); -- mariadb | refused
INSERT INTO by_n (n, k, v) SELECT id + 973000, id, note FROM orders WHERE id < 105 RETURNING n, LAST_INSERT_ID(n); -- mariadb | refused
INSERT INTO by_n (n, k, v) SELECT id + 973000, id, note FROM orders WHERE id < 105 RETURNING n, @r := n; -- mariadb | refused
SELECT COUNT(*) FROM by_n WHERE n > 973000; -- mariadb

-- The id that an INSERT begins with.
SET insert_id = 880000;
INSERT INTO own (v, n) SELECT note, id FROM orders WHERE id < 106 ORDER BY id;
SELECT LAST_INSERT_ID();
INSERT INTO own (v, n) SELECT note, id + 1000 FROM orders WHERE id < 103 ORDER BY id;
SELECT v, n FROM own WHERE n > 1100 AND n < 1103 ORDER BY id;
SELECT id, v, n FROM own WHERE id BETWEEN 880000 AND 880004 ORDER BY id;
SET insert_id = 890000;
INSERT INTO counted (n, v) SELECT id + 880000, note FROM orders WHERE id < 106 ORDER BY id;
SELECT LAST_INSERT_ID();
SELECT id, n, v FROM counted WHERE n > 880000 AND n < 880106 ORDER BY id;
SET insert_id = 870000;
INSERT INTO lone (v, n) SELECT note, id FROM orders WHERE id < 106 ORDER BY id;
SELECT LAST_INSERT_ID();
INSERT INTO lone (v, n) SELECT note, id + 1000 FROM orders WHERE id < 103 ORDER BY id;
SELECT LAST_INSERT_ID();
SELECT id, v, n FROM lone WHERE id >= 870000 AND id < 880000 ORDER BY id;
SET insert_id = 875000;
INSERT INTO by_n (n, k, v) SELECT id + 880000, id, note FROM orders WHERE id < 104;
SELECT FOUND_ROWS(); -- any-warnings
INSERT INTO lone (v) SELECT note FROM orders WHERE id < 0;
INSERT INTO lone (id, v) SELECT NULLIF(id, 102), note FROM orders WHERE id IN (102, 870102);
SELECT LAST_INSERT_ID();
SET insert_id = 876000;
INSERT INTO lone (id, v) SELECT NULL, v FROM lone WHERE id = 870000;
SELECT LAST_INSERT_ID();
INSERT INTO lone (id, v) SELECT id + 7000, v FROM lone WHERE id = 870000;
SELECT LAST_INSERT_ID();
SET insert_id = 895000;
INSERT IGNORE INTO counted (n, v) SELECT id + 880003, 'ignored' FROM orders WHERE id < 106 ORDER BY id; -- refused

-- TABLE in what a transaction inserts: its rows are locked.
BEGIN; -- mysql
INSERT INTO everywhere (id, v, n) TABLE lone ORDER BY id LIMIT 0; -- mysql
INSERT INTO sparse (k, v) SELECT 700000 + n, n FROM (TABLE by_n ORDER BY n, k LIMIT 5) AS d; -- mysql
INSERT INTO by_n (n, k, v) SELECT id + 990000, id, note FROM orders WHERE (id, id) IN (SELECT id, id FROM orders UNION TABLE sparse) AND id < 105; -- mysql
INSERT INTO by_n TABLE by_n ORDER BY n LIMIT 0; -- mysql
SELECT k, v FROM sparse WHERE k > 700000 ORDER BY k; -- mysql
SELECT n, k FROM by_n WHERE n > 990000 ORDER BY n; -- mysql
INSERT INTO by_n (n, k, v) VALUES ROW(991001, 1, (SELECT MAX(note) FROM orders)); -- mysql | may-refuse
COMMIT; -- mysql
