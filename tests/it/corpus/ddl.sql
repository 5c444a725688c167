-- setup: shop.sql
-- Definitions reach every shard, and are seen at once. Undeclared tables are single.

CREATE TABLE plain (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO plain (v) VALUES ('a'), ('b');
SELECT * FROM plain ORDER BY id;
CREATE TABLE IF NOT EXISTS plain (id INT);
SHOW WARNINGS;
CREATE TABLE plain (id INT);
CREATE TABLE copy LIKE plain; -- may-refuse
DROP TABLE IF EXISTS copy; -- may-refuse | any-warnings
DROP TABLE plain;
SELECT * FROM plain;
DROP TABLE IF EXISTS plain;
SHOW WARNINGS;
ALTER TABLE users ADD COLUMN nick VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT 'none';
SELECT id, nick FROM users ORDER BY id LIMIT 5;
UPDATE users SET nick = 'bobby' WHERE id = 1;
SELECT id FROM users WHERE nick = 'bobby';
INSERT INTO users (id, name, nick) VALUES (500, 'new', 'n');
SELECT * FROM users WHERE id = 500;
DESC users;
ALTER TABLE users MODIFY nick VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
ALTER TABLE users CHANGE nick nickname VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
SELECT nickname FROM users WHERE id = 1;
SELECT nick FROM users WHERE id = 1;
SELECT nickname, COUNT(*) FROM users GROUP BY nickname ORDER BY nickname;
ALTER TABLE users ALTER COLUMN nickname SET DEFAULT 'x', ADD INDEX nick_key (nickname);
ALTER TABLE users DROP COLUMN nickname;
SELECT * FROM users WHERE id = 500;
SELECT nickname FROM users;
CREATE INDEX age_key ON users (age);
CREATE INDEX age_key ON users (age);
SELECT id FROM users FORCE INDEX (age_key) WHERE age > 50 ORDER BY id;
DROP INDEX age_key ON users;
DROP INDEX age_key ON users;
ALTER TABLE orders ADD INDEX total_key (total), ADD COLUMN extra INT NOT NULL DEFAULT '7' AFTER user_id;
SELECT * FROM orders WHERE user_id = 3 ORDER BY id;
SELECT SUM(extra) FROM orders;
ALTER TABLE orders DROP INDEX total_key, DROP COLUMN extra;
SELECT * FROM orders ORDER BY id LIMIT 3;
ALTER TABLE products ADD COLUMN stock INT DEFAULT '0';
UPDATE products SET stock = id * 10;
SELECT o.id, p.stock FROM orders o JOIN products p ON p.id = o.product_id ORDER BY o.id LIMIT 5;
ALTER TABLE products DROP COLUMN stock;
ALTER TABLE users COMMENT = 'people';
ALTER TABLE users ENGINE = InnoDB;
TRUNCATE TABLE sparse;
SELECT COUNT(*) FROM sparse;
INSERT INTO sparse VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5);
TRUNCATE sparse;
SELECT * FROM sparse;
DROP TABLE sparse;
SELECT * FROM sparse;
SHOW TABLES; -- any-columns
CREATE TABLE sparse (k INT NOT NULL, v INT DEFAULT NULL, w INT DEFAULT NULL, PRIMARY KEY (k)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO sparse VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (5, 5, 5);
SELECT * FROM sparse ORDER BY k DESC;
SHOW CREATE TABLE sparse;
DESC sparse;
DROP TABLE order_items;
DROP TABLE order_items;
DROP TABLE IF EXISTS order_items;
CREATE TABLE `order_items` (`id` BIGINT NOT NULL AUTO_INCREMENT, `order_id` BIGINT NOT NULL, `user_id` BIGINT NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci /* a comment */ COMMENT 'items; with ''quotes''';
INSERT INTO order_items (order_id, user_id) VALUES (1, 3), (2, 3);
SELECT order_id, user_id FROM order_items WHERE user_id = 3 ORDER BY order_id;
SHOW TABLES LIKE 'order\_items'; -- any-columns
CREATE TABLE t1 (a INT); 
CREATE TABLE t2 (a INT);
INSERT INTO t1 VALUES (1);
INSERT INTO t2 VALUES (2);
SELECT t1.a, t2.a FROM t1, t2;
RENAME TABLE t1 TO t3;
SELECT * FROM t3;
SELECT * FROM t1;
ALTER TABLE t3 RENAME TO t4;
SELECT * FROM t4;
DROP TABLE t4, t2; -- may-refuse
CREATE TABLE made AS SELECT id, name FROM products; -- may-refuse
CREATE VIEW seen AS SELECT id, name FROM products WHERE price > 10; -- may-refuse
DROP VIEW IF EXISTS seen; -- may-refuse | any-warnings
RENAME TABLE users TO people; -- refused
ALTER TABLE users RENAME TO people; -- refused
ALTER TABLE users DROP COLUMN id; -- refused
CREATE DATABASE IF NOT EXISTS information_schema; -- may-refuse
ANALYZE TABLE audit_log; -- may-refuse | count-only
OPTIMIZE TABLE audit_log; -- may-refuse | count-only
CHECK TABLE audit_log; -- may-refuse | count-only
SELECT 'done';
