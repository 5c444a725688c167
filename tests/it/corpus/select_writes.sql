-- What a transaction has changed before the SELECTs of the other files run in it.
BEGIN;
INSERT INTO things (k, num, money, ci, bn, ai, en, tags, dbl, day, moment) VALUES (101, 100, 47.05, 'bob', 'new', 'STRASSE', 'Large', 'a,d', 2.5, '2024-02-29', '2024-03-01'), (102, NULL, -1.01, 'Zebra', 'bob', NULL, 'small', 'c', -1, NULL, NULL), (103, 7, NULL, NULL, NULL, 'emile', NULL, NULL, NULL, '1999-12-31', '1999-12-31 00:00:00.25');
UPDATE things SET money = money + 1, small = NULL WHERE k BETWEEN 3 AND 11;
DELETE FROM things WHERE k IN (2, 12, 22);
INSERT INTO parts (k, n, label, qty, price) VALUES (101, 0, 'Gear', 9, 1.500), (102, 1, NULL, NULL, NULL), (7, 2, 'bolt', 2, 0.125);
DELETE FROM parts WHERE n = 1 AND qty > 5;
INSERT INTO nothing VALUES (1, 1, 'one', 1.5), (2, 2, 'two', NULL), (3, NULL, NULL, -1), (4, 1, 'One', 1.5);
INSERT INTO lumped VALUES (4, 4, 'bob'), (5, NULL, 'y');
UPDATE users SET balance = balance - 100, city = 'oslo' WHERE id IN (1, 4, 9, 16, 25);
INSERT INTO users (id, name, age, city) VALUES (31, 'Last', 47, 'Bern');
INSERT INTO orders (id, user_id, product_id, status, total) VALUES (161, 31, 1, 'new', 12.34), (162, 30, 8, 'paid', NULL);
DELETE FROM orders WHERE status = 'done' AND user_id > 14;
UPDATE order_items SET quantity = quantity + 1 WHERE product_id = 3;
UPDATE products SET price = price + 1 WHERE id < 3;
INSERT INTO colors VALUES (7, 'RED', 'r', 0.5);
UPDATE ledger SET amount = amount + 1 WHERE k = 3;
DELETE FROM audit_log WHERE who IS NULL;
