-- setup: shop.sql
-- INSERT, REPLACE, UPDATE and DELETE: affected rows, info, and what is there afterwards.

INSERT INTO users (id, name) VALUES (201, 'one');
INSERT INTO users (id, name) VALUES (202, 'two'), (203, 'three'), (204, 'four'), (205, 'five');
INSERT users (id, name) VALUES (206, 'no into');
INSERT INTO users (name, id) VALUES ('key last', 207);
INSERT INTO users SET id = 208, name = 'by set', age = 8;
INSERT INTO users (id, name, balance) VALUE (209, 'value', 1.005); -- any-warnings
INSERT INTO users VALUES (210, 'all columns', 'a@b', 'Rome', 30, 5.5, 1.5, '2000-01-01', '2024-05-05 05:05:05.5', 1);
INSERT INTO users (id, name, created) VALUES (211, 'default', DEFAULT), (212, 'default', DEFAULT(created));
INSERT INTO users (id, name, city) VALUES (213, CONCAT('con', 'cat'), UPPER('rome')), (214, 'nul', NULL);
INSERT INTO users (id, name, age) VALUES (215, 'expression', 1 + 2 * 3), (216, 'negative', -0);
INSERT INTO users (id, name) VALUES ('217', 'string key');
INSERT INTO users (id, name) VALUES (218.0, 'decimal key'); -- may-refuse
INSERT INTO users (id, name) VALUES (0xDB, 'hex key'); -- may-refuse
INSERT INTO users (id, name) VALUES (200 + 19, 'expression key'); -- may-refuse
INSERT INTO `users` (`id`, `name`) VALUES (220, 'back`tick'), (221, 'quote''s "and" \\ \n end');
INSERT INTO users (id, name) VALUES (222, "double ""quoted"" 'x'"), (223, '😀'), (224, 'tab\there');
INSERT INTO users (id, name) VALUES (-1, 'negative key'), (9223372036854775807, 'largest');
SELECT id, name, city, age, balance, created FROM users WHERE id > 200 OR id < 0 ORDER BY id;
INSERT INTO users (id, name) VALUES (201, 'again');
INSERT INTO users (id, name) VALUES (230, 'first'), (230, 'same key');
SELECT COUNT(*) FROM users WHERE id = 230;
INSERT IGNORE INTO users (id, name) VALUES (201, 'ignored');
INSERT IGNORE INTO users (id, name) VALUES (201, 'ignored'), (231, 'new');
SELECT id, name FROM users WHERE id IN (201, 231) ORDER BY id;
INSERT INTO users (id, name) VALUES (201, 'x') ON DUPLICATE KEY UPDATE name = 'updated';
INSERT INTO users (id, name) VALUES (201, 'x') ON DUPLICATE KEY UPDATE name = 'updated';
INSERT INTO users (id, name) VALUES (232, 'x') ON DUPLICATE KEY UPDATE name = 'updated';
INSERT INTO users (id, name) VALUES (201, 'from values') ON DUPLICATE KEY UPDATE name = VALUES(name), age = IFNULL(age, 0) + 1; -- any-warnings
INSERT INTO users (id, name) VALUES (201, 'a'), (202, 'b'), (233, 'c') ON DUPLICATE KEY UPDATE name = CONCAT(name, '+'); -- any-info
SELECT id, name, age FROM users WHERE id IN (201, 202, 232, 233) ORDER BY id;
REPLACE INTO users (id, name) VALUES (201, 'replaced');
REPLACE INTO users (id, name) VALUES (234, 'replaced new');
REPLACE INTO users (id, name) VALUES (202, 'r'), (235, 'r'), (236, 'r');
REPLACE INTO sparse SET k = 7, v = 71;
SELECT id, name, age FROM users WHERE id IN (201, 202, 234, 235, 236) ORDER BY id;
SELECT * FROM sparse ORDER BY k;
UPDATE users SET name = 'changed' WHERE id = 201;
UPDATE users SET name = 'changed' WHERE id = 201;
UPDATE users SET age = age + 1 WHERE id = 210;
UPDATE users SET age = 40, city = 'Bonn' WHERE id IN (203, 204, 205);
UPDATE users SET city = NULL WHERE id IN (203, 204, 9999);
UPDATE users SET balance = balance + 10 WHERE id BETWEEN 201 AND 210;
UPDATE users SET active = 0 WHERE id = 5000;
UPDATE users SET active = 0 WHERE id = 1 AND id = 2;
UPDATE users SET score = 9.5 WHERE name = 'bob';
UPDATE users SET active = NOT active;
UPDATE users SET balance = balance;
UPDATE users u SET u.age = 33 WHERE u.id = 206;
UPDATE users SET born = '2001-02-03', created = '2024-07-07' WHERE id = 207;
UPDATE users SET city = DEFAULT WHERE id = 207;
UPDATE users SET name = 'order limit' WHERE id = 208 ORDER BY id LIMIT 1;
UPDATE LOW_PRIORITY users SET name = 'low' WHERE id = 209;
UPDATE IGNORE users SET age = 300 WHERE id = 209;
UPDATE users SET age = 300 WHERE id = 209;
UPDATE users SET name = NULL WHERE id = 209;
SELECT id, name, city, age, balance, score, born, created, active FROM users ORDER BY id;
UPDATE users SET id = 5001 WHERE id = 201;
UPDATE users SET id = 201 WHERE id = 5001;
UPDATE users SET id = id WHERE id = 201;
BEGIN;
UPDATE orders SET user_id = 4 WHERE user_id = 3;
SELECT id FROM orders WHERE user_id = 4 ORDER BY id;
UPDATE users SET age = NULL;
UPDATE users SET age = 7 LIMIT 2;
DELETE FROM users LIMIT 2;
SELECT COUNT(*) FROM users;
ROLLBACK;
UPDATE users SET name = 'last' ORDER BY id DESC LIMIT 1;
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.city = 'joined' WHERE u.id = 3; -- may-refuse
DELETE o FROM orders o JOIN users u ON o.user_id = u.id WHERE u.id = 8; -- may-refuse
DELETE FROM orders USING orders JOIN users ON orders.user_id = users.id WHERE users.id = 15; -- may-refuse
DELETE FROM users WHERE id = 201;
DELETE FROM users WHERE id = 201;
DELETE FROM users WHERE id IN (202, 203, 204);
DELETE FROM users WHERE id BETWEEN 205 AND 208;
DELETE FROM users WHERE name = 'default';
DELETE FROM users WHERE id = 1 AND id = 2;
DELETE FROM users WHERE id > 200 ORDER BY id LIMIT 1; -- may-refuse
DELETE QUICK FROM users WHERE id = 209;
SELECT COUNT(*) FROM users;
SELECT id FROM users WHERE id > 200 OR id < 0;
INSERT INTO products VALUES (20, 'Mug', 7.5, 'home', 'eco'), (21, 'Hat', 12, NULL, NULL);
INSERT INTO products VALUES (20, 'Mug', 7.5, 'home', 'eco');
INSERT INTO products VALUES (22, 'MUG', 7.5, 'home', 'eco');
UPDATE products SET price = price * 2 WHERE category = 'home';
UPDATE products SET price = 13 WHERE id = 21;
DELETE FROM products WHERE id = 21;
INSERT INTO products (id, name, price) VALUES (20, 'Cup', 1) ON DUPLICATE KEY UPDATE price = price + 1;
REPLACE INTO products (id, name, price) VALUES (20, 'Bowl', 2);
SELECT * FROM products ORDER BY id;
SELECT o.id, p.price FROM orders o JOIN products p ON p.id = o.product_id ORDER BY o.id;
INSERT INTO audit_log (who, what) VALUES ('x', 'y');
INSERT INTO audit_log VALUES (NULL, NULL, 'z', 'w'), (0, '2024-01-01', 'z', 'w');
UPDATE audit_log SET what = 'changed' WHERE who = 'z';
DELETE FROM audit_log WHERE who = 'x';
UPDATE audit_log SET what = 'first' ORDER BY id LIMIT 1;
DELETE FROM audit_log ORDER BY id DESC LIMIT 1;
SELECT * FROM audit_log ORDER BY id;
INSERT INTO sparse VALUES (1, 10), (2, 20), (3, 30);
INSERT INTO sparse (v, k) VALUES (40, 4);
INSERT INTO sparse VALUES (5);
INSERT INTO sparse (k) VALUES (5, 6);
INSERT INTO sparse (k, k) VALUES (5, 6);
INSERT INTO sparse (k, nothing) VALUES (5, 6);
INSERT INTO sparse VALUES (2147483648, 1);
INSERT INTO sparse VALUES (NULL, 1);
INSERT INTO sparse (v) VALUES (1); -- may-refuse
INSERT INTO sparse VALUES ('abc', 1); -- may-refuse
INSERT INTO sparse VALUES ('11', 110), (' 12', 120); -- may-refuse
INSERT INTO sparse VALUES (13.4, 130); -- may-refuse
INSERT INTO sparse VALUES (13.5, 140); -- may-refuse
INSERT INTO sparse () VALUES (); -- may-refuse
SELECT * FROM sparse ORDER BY k;
INSERT INTO sparse (k, v) VALUES (?, ?), (?, ?); -- bind 21, 1, 22, NULL
INSERT INTO sparse (k, v) VALUES (?, ? + 1); -- bind '23', 5
UPDATE sparse SET v = ? WHERE k = ?; -- bind 99, 21
UPDATE sparse SET v = v + ? WHERE k IN (?, ?); -- bind 1, 21, 23
DELETE FROM sparse WHERE k = ? OR k = ?; -- bind 22, 23
REPLACE INTO sparse VALUES (?, ?); -- bind 21, 5
INSERT INTO sparse (k, v) VALUES (?, ?) ON DUPLICATE KEY UPDATE v = v + ?; -- bind 21, 1, 100
SELECT * FROM sparse ORDER BY k;
DELETE FROM sparse;
SELECT COUNT(*) FROM sparse;
TRUNCATE TABLE sparse;
TRUNCATE orders;
SELECT COUNT(*) FROM orders;
DELETE FROM order_items WHERE quantity > 1;
SELECT COUNT(*) FROM order_items;
