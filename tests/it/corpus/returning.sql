-- setup: shop.sql
-- RETURNING (MariaDB): rows of what was written, from one place and from several.
SELECT name FROM users WHERE id < 4; -- mariadb
INSERT INTO users (id, name) VALUES (501, 'a') RETURNING id, name; -- mariadb | ordered
INSERT INTO users (id, name) VALUES (505, 'e'), (502, 'b'), (504, 'd'), (503, 'c'), (506, 'f') RETURNING id, name, UPPER(name) AS up; -- mariadb | ordered
SELECT ROW_COUNT(), FOUND_ROWS(); -- mariadb
INSERT INTO users (name) VALUES ('g1'), ('g2'), ('g3'), ('g4'), ('g5') RETURNING name; -- mariadb | ordered
SELECT LAST_INSERT_ID() AS user_id; -- mariadb
SELECT name FROM users WHERE name LIKE 'g_' ORDER BY id; -- mariadb
DELETE FROM users WHERE name LIKE 'g_' RETURNING name; -- mariadb
SELECT COUNT(*) FROM users WHERE id > 0 AND name LIKE 'g_'; -- mariadb
INSERT INTO users (id, name) VALUES (505, 'again'), (511, 'not')  RETURNING id; -- mariadb | ordered
INSERT INTO users (id, name) VALUES (511, 'not'), (512, 'not'), (505, 'again') RETURNING id; -- mariadb | ordered
SELECT COUNT(*) FROM users WHERE id > 510 AND name = 'not'; -- mariadb
INSERT INTO users (id, name) VALUES (501, 'x'), (502, 'x'), (513, 'x'), (514, 'x') ON DUPLICATE KEY UPDATE name = CONCAT(name, '!') RETURNING id, name; -- mariadb | ordered
INSERT INTO users (id, name) VALUES (501, 'x'), (502, 'x'), (513, 'x'), (514, 'x') ON DUPLICATE KEY UPDATE name = name RETURNING id, name; -- mariadb | ordered
INSERT IGNORE INTO users (id, name) VALUES (501, 'x'), (502, 'x'), (515, 'x'), (516, 'x') RETURNING id, name; -- mariadb | ordered | refused
INSERT IGNORE INTO users (id, name) VALUES (501, 'x') RETURNING id, name; -- mariadb | ordered
SELECT LAST_INSERT_ID() AS user_id; -- mariadb
REPLACE INTO users (id, name) VALUES (514, 'r4'), (513, 'r3'), (517, 'r7'), (516, 'r6') RETURNING id, name; -- mariadb | ordered
SELECT id, name FROM users WHERE id > 500 AND id < 600 ORDER BY id; -- mariadb
DELETE FROM users WHERE id = 501 RETURNING id, name; -- mariadb
DELETE FROM users WHERE id BETWEEN 500 AND 600 RETURNING id, name, @@sql_mode IS NULL; -- mariadb
SELECT ROW_COUNT(), FOUND_ROWS(); -- mariadb
DELETE FROM users WHERE id BETWEEN 500 AND 600 RETURNING *; -- mariadb
DELETE FROM users WHERE id BETWEEN 500 AND 600 RETURNING id, LAST_INSERT_ID(id); -- mariadb | refused
DELETE FROM users WHERE id BETWEEN 500 AND 600 RETURNING nothing; -- mariadb
DELETE FROM users WHERE id = 501 RETURNING (SELECT COUNT(*) FROM orders); -- mariadb | refused
DELETE FROM users WHERE id > 500 RETURNING id, (SELECT COUNT(*) FROM orders); -- mariadb | refused
INSERT INTO users (id, name) VALUES (521, 'a') RETURNING id, (SELECT COUNT(*) FROM orders); -- mariadb | ordered | refused
DELETE FROM products WHERE id = 999 RETURNING name; -- mariadb
SELECT name FROM users WHERE id < 4; -- mariadb
INSERT INTO products (id, name, price) VALUES (30, 'ret', 5), (31, 'ret2', 6) RETURNING id, name; -- mariadb | ordered
SELECT ROW_COUNT(), FOUND_ROWS(); -- mariadb
REPLACE INTO products (id, name, price) VALUES (30, 'ret3', 5), (32, 'ret2', 6) RETURNING id, name, price; -- mariadb | ordered
INSERT IGNORE INTO products (id, name, price) VALUES (30, 'ret3', 5), (33, 'ret2', 6) RETURNING id, name, price; -- mariadb | ordered
INSERT INTO products (id, name, price) VALUES (30, 'ret3', 5), (34, 'ret2', 6) ON DUPLICATE KEY UPDATE name = 'dup' RETURNING id, name, price; -- mariadb | ordered
INSERT INTO products (id, name, price) VALUES (35, 'ret3', 5), (34, 'ret2', 6) RETURNING id, name, price; -- mariadb | ordered
DELETE FROM products WHERE id >= 30 RETURNING id, name; -- mariadb
SELECT COUNT(*) FROM products; -- mariadb
INSERT INTO audit_log (message) VALUES ('ret') RETURNING message; -- mariadb | ordered
INSERT INTO audit_log (message) VALUES ('ret') RETURNING id, message; -- mariadb | ordered
SELECT LAST_INSERT_ID() AS audit_id; -- mariadb
INSERT INTO audit_log (message) VALUES ('ret1'), ('ret2') RETURNING message; -- mariadb | ordered
SELECT ROW_COUNT(), FOUND_ROWS(); -- mariadb
DELETE FROM audit_log WHERE message LIKE 'ret%' RETURNING message; -- mariadb
DELETE FROM audit_log WHERE message LIKE 'ret%' RETURNING message; -- mariadb
BEGIN; -- mariadb
INSERT IGNORE INTO users (id, name) VALUES (1, 'there') RETURNING id; -- mariadb | ordered
COMMIT; -- mariadb
BEGIN; -- mariadb
INSERT INTO users (id, name) VALUES (1, 'there') ON DUPLICATE KEY UPDATE name = name RETURNING id; -- mariadb | ordered
COMMIT; -- mariadb
BEGIN; -- mariadb
INSERT INTO users (id, name) VALUES (531, 'a'), (532, 'b'), (533, 'c'), (534, 'd') RETURNING id; -- mariadb | ordered
DELETE FROM users WHERE id > 530 RETURNING id; -- mariadb
INSERT INTO products (id, name, price) VALUES (30, 'ret', 5) RETURNING id; -- mariadb | ordered
INSERT INTO users (id, name) VALUES (535, 'a'), (536, 'b'), (537, 'c'), (1, 'd') RETURNING id; -- mariadb | ordered
SELECT COUNT(*) FROM users WHERE id > 530; -- mariadb
ROLLBACK; -- mariadb
SELECT COUNT(*) FROM products; -- mariadb
SET autocommit = 0; -- mariadb
DELETE FROM users WHERE id = 777 RETURNING id; -- mariadb
DELETE FROM users WHERE id > 777 RETURNING id; -- mariadb
ROLLBACK; -- mariadb
SET autocommit = 1; -- mariadb
INSERT INTO users (id, name) VALUES (541, REPEAT('x', 500)), (542, 'b') RETURNING id; -- mariadb | ordered
