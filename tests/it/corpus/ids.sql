-- setup: shop.sql
-- Ids that the server makes: in the OK packet, by LAST_INSERT_ID(), in the row. Values are compared by mapping.

SELECT LAST_INSERT_ID();
INSERT INTO orders (user_id, product_id) VALUES (3, 1);
SELECT LAST_INSERT_ID();
SELECT LAST_INSERT_ID() AS order_id;
SELECT @@last_insert_id AS order_id;
SELECT @@identity AS order_id;
SELECT id, user_id, product_id, status FROM orders WHERE id = LAST_INSERT_ID(); -- may-refuse
INSERT INTO orders (id, user_id, product_id) VALUES (NULL, 3, 2);
INSERT INTO orders (id, user_id, product_id) VALUES (0, 3, 2);
INSERT INTO orders (id, user_id, product_id) VALUES (DEFAULT, 3, 2);
INSERT INTO orders VALUES (NULL, 3, 2, 'new', 1.5, NULL, NULL);
SELECT id, product_id FROM orders WHERE user_id = 3 AND product_id = 2 ORDER BY id;
INSERT INTO orders (user_id, product_id) VALUES (3, 5), (3, 6), (3, 7);
SELECT id, product_id FROM orders WHERE user_id = 3 ORDER BY id;
INSERT INTO orders (id, user_id, product_id) VALUES (901, 3, 1);
SELECT LAST_INSERT_ID() AS order_id;
INSERT INTO orders (user_id, product_id) VALUES (4, 1), (5, 1), (6, 1), (7, 1), (8, 1);
SELECT LAST_INSERT_ID() AS order_id;
SELECT id, user_id FROM orders WHERE product_id = 1; -- count-only
UPDATE orders SET status = 'paid' WHERE user_id = 3;
SELECT LAST_INSERT_ID() AS order_id;
DELETE FROM orders WHERE user_id = 3 AND product_id = 7;
SELECT LAST_INSERT_ID() AS order_id;
INSERT INTO orders (user_id) VALUES (3);
SELECT LAST_INSERT_ID() AS order_id;
INSERT INTO users (name) VALUES ('generated');
SELECT LAST_INSERT_ID() AS user_id;
SELECT id, name FROM users WHERE name = 'generated';
INSERT INTO users (id, name) VALUES (NULL, 'g1'), (NULL, 'g2'), (NULL, 'g3');
SELECT id, name FROM users WHERE name LIKE 'g_' ORDER BY id;
INSERT INTO users SET name = 'by set';
INSERT INTO users (name) VALUES (CONCAT('g', '4'));
SELECT name FROM users WHERE id = LAST_INSERT_ID(); -- may-refuse
INSERT INTO order_items (order_id, user_id, product_id, quantity, price) VALUES (901, 3, 1, 1, 1.5), (901, 3, 2, 1, 2.5);
SELECT id, product_id FROM order_items WHERE user_id = 3 AND order_id = 901 ORDER BY id;
REPLACE INTO orders (user_id, product_id) VALUES (3, 9);
INSERT INTO audit_log (who) VALUES ('single');
SELECT LAST_INSERT_ID();
INSERT INTO audit_log (who) VALUES ('a'), ('b'), ('c');
SELECT LAST_INSERT_ID();
INSERT INTO audit_log (id, who) VALUES (50, 'own');
SELECT LAST_INSERT_ID();
INSERT INTO audit_log (who) VALUES ('next');
SELECT LAST_INSERT_ID();
SELECT * FROM audit_log ORDER BY id;
INSERT INTO products (id, name, price) VALUES (50, 'no auto increment', 1);
SELECT LAST_INSERT_ID();
SELECT LAST_INSERT_ID(77);
SELECT LAST_INSERT_ID();
UPDATE audit_log SET id = LAST_INSERT_ID(id + 100) WHERE id = 50; -- may-refuse
INSERT INTO orders (user_id, product_id) VALUES (?, ?); -- bind 3, 1
INSERT INTO orders (id, user_id, product_id) VALUES (?, ?, ?); -- bind NULL, 3, 1
INSERT INTO orders (id, user_id, product_id) VALUES (?, ?, ?), (?, ?, ?); -- bind NULL, 3, 1, 0, 4, 1
SELECT LAST_INSERT_ID() AS order_id;
INSERT INTO users (id, name) VALUES (?, ?); -- bind NULL, 'bound'
SELECT id, name FROM users WHERE name = ?; -- bind 'bound'
INSERT IGNORE INTO users (name) VALUES ('ignore');
SELECT LAST_INSERT_ID() AS user_id;
INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = 'y';
BEGIN;
INSERT INTO users (name) VALUES ('in transaction');
SELECT LAST_INSERT_ID() AS user_id;
ROLLBACK;
SELECT LAST_INSERT_ID() AS user_id;
SELECT COUNT(*) FROM users WHERE name = 'in transaction';
