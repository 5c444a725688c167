-- UPDATE and DELETE that read tables which are not where the changed rows are.
-- setup: moves_tables.sql

CREATE TABLE products (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, n INT) ENGINE=InnoDB; -- any-warnings
CREATE TABLE single_one (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL, d DECIMAL(8,3) DEFAULT NULL, day DATETIME(3) DEFAULT NULL, u BIGINT UNSIGNED, b VARBINARY(10), f DOUBLE) ENGINE=InnoDB; -- any-warnings
INSERT INTO products VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', NULL);
INSERT INTO single_one VALUES (1, 'a', 1.250, '2024-01-01 10:00:00.123', 18446744073709551615, x'00FF', 0.1), (2, NULL, NULL, NULL, NULL, NULL, NULL), (3, 'B', -3, '2024-02-29 23:59:59.999', 0, x'27', 1e300), (4, '😀', 99.99, '1000-01-01 00:00:00', 7, x'', -0.0);

UPDATE orders SET note = 'in' WHERE id IN (SELECT id FROM single_one);
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'not in' WHERE id NOT IN (SELECT id FROM single_one);
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'never' WHERE label NOT IN (SELECT name FROM single_one);
UPDATE orders SET note = 'nothing' WHERE id IN (SELECT id FROM single_one WHERE id > 100);
UPDATE orders SET note = 'all' WHERE id NOT IN (SELECT id FROM single_one WHERE id > 100);
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET total = (SELECT MAX(d) FROM single_one) WHERE id = 3;
UPDATE orders SET total = (SELECT d FROM single_one WHERE id = 100) WHERE id = 4;
UPDATE orders SET total = (SELECT d FROM single_one) WHERE id = 4;
UPDATE orders SET total = (SELECT COUNT(*) FROM ranged), note = (SELECT v FROM ranged ORDER BY k DESC LIMIT 1) WHERE id < 4;
SELECT id, total, note FROM orders ORDER BY id;
UPDATE orders SET note = 'exists' WHERE EXISTS (SELECT 1 FROM ranged WHERE k > 300);
UPDATE orders SET note = 'exists not' WHERE NOT EXISTS (SELECT 1 FROM ranged WHERE k > 300);
UPDATE orders SET note = 'any' WHERE id > ANY (SELECT id FROM ranged WHERE k > 200);
UPDATE orders SET note = 'every' WHERE id > ALL (SELECT id FROM ranged);
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'pairs' WHERE (id, user_id) IN (SELECT id, v FROM listed);
UPDATE orders SET note = 'dates' WHERE placed IN (SELECT day FROM single_one);
UPDATE orders SET note = 'numbers' WHERE total IN (SELECT d FROM single_one) OR big IN (SELECT u FROM single_one);
UPDATE orders SET note = 'bytes' WHERE raw IN (SELECT b FROM single_one);
UPDATE orders SET note = 'doubles' WHERE d IN (SELECT f FROM single_one);
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'names' WHERE label IN (SELECT name FROM products) OR label = 'A';
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'correlated' WHERE EXISTS (SELECT 1 FROM ranged WHERE ranged.id = orders.id); -- may-refuse
UPDATE orders o SET note = 'correlated' WHERE o.id = (SELECT r.id FROM ranged r WHERE r.k = o.user_id * 50); -- may-refuse
DELETE FROM orders WHERE user_id IN (SELECT id FROM docs WHERE id > 8);
SELECT id FROM orders ORDER BY id;
UPDATE ranged SET v = (SELECT COUNT(*) FROM orders) WHERE k IN (SELECT id * 50 FROM people WHERE id < 4);
SELECT * FROM ranged ORDER BY id;
UPDATE single_one SET name = (SELECT name FROM people WHERE id = 3) WHERE id IN (SELECT user_id FROM orders);
SELECT id, name FROM single_one ORDER BY id;
UPDATE ranged SET k = (SELECT MAX(id) FROM people) WHERE id = 1; -- text-only
SELECT * FROM ranged ORDER BY id;
DELETE FROM docs WHERE id IN (SELECT id FROM ranged) ORDER BY id DESC LIMIT 2;
SELECT id FROM docs ORDER BY id;
UPDATE orders SET note = ? WHERE id IN (SELECT id FROM single_one WHERE id < ?) AND user_id < ?; -- bind 'it''s', 4, 3
SELECT id, note FROM orders ORDER BY id;

UPDATE orders o JOIN single_one s ON s.id = o.id SET o.note = s.name, o.total = s.d; -- any-info
SELECT id, note, total FROM orders ORDER BY id;
UPDATE orders o LEFT JOIN ranged r ON r.id = o.id SET o.note = IFNULL(r.v, 'no range'); -- any-info
SELECT id, note FROM orders ORDER BY id;
UPDATE orders o LEFT JOIN ranged r ON r.id = o.id SET o.note = 'without' WHERE r.id IS NULL; -- any-info
SELECT id, note FROM orders ORDER BY id;
UPDATE orders o, docs d, products p SET o.note = CONCAT(d.title, p.name) WHERE d.id = o.id AND p.id = o.user_id AND d.id < 12; -- any-info
SELECT id, note FROM orders ORDER BY id;
UPDATE orders o JOIN single_one s ON s.name = o.label SET o.note = 'collated'; -- may-refuse | any-info
UPDATE people p JOIN ranged r ON r.id = p.id JOIN listed l ON l.id = p.id SET p.name = CONCAT(r.v, l.country), p.n = r.k WHERE r.k BETWEEN 10 AND 260 AND l.country IN ('de', 'us', 'jp');
UPDATE people p JOIN ranged r ON r.id = p.id JOIN listed l ON l.id = p.id SET p.name = CONCAT(r.v, l.v), p.n = r.k WHERE r.k BETWEEN 10 AND 260 AND l.country IN ('de', 'us', 'jp'); -- any-info
SELECT * FROM people ORDER BY id;
DELETE o FROM orders o JOIN listed l ON l.id = o.id WHERE l.country = 'us';
DELETE FROM p USING people AS p JOIN ranged AS r ON r.id = p.id WHERE r.k > 200;
DELETE o FROM orders o LEFT JOIN docs d ON d.id = o.id WHERE d.id IS NULL AND o.id < 5;
SELECT id FROM orders ORDER BY id;
SELECT id FROM people ORDER BY id;
UPDATE orders o JOIN ranged r ON r.id = o.id SET o.note = 'both', r.v = 'both';
DELETE o, r FROM orders o JOIN ranged r ON r.id = o.id;
BEGIN;
UPDATE single_one SET d = 5 WHERE id = 1;
UPDATE orders o JOIN single_one s ON s.id = o.id SET o.total = s.d WHERE s.id = 1; -- any-info
UPDATE orders SET total = 6 WHERE total IN (SELECT d FROM single_one);
SELECT id, total FROM orders ORDER BY id;
ROLLBACK;
SELECT id, total FROM orders ORDER BY id;
SET autocommit = 0;
UPDATE orders SET total = 6 WHERE id IN (SELECT id FROM single_one);
ROLLBACK;
SET autocommit = 1;
SELECT id, total FROM orders ORDER BY id;
