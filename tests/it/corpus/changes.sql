-- UPDATE and DELETE of rows on several shards: ORDER BY, LIMIT, several tables, and what must not widen.
-- setup: moves_tables.sql

UPDATE orders SET note = 'first' ORDER BY id LIMIT 3;
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'last' ORDER BY total DESC, id LIMIT 4;
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'same' WHERE note = 'same' ORDER BY id LIMIT 4;
UPDATE orders SET note = 'last' ORDER BY total DESC, id LIMIT 4;
UPDATE orders SET note = CONCAT(note, '!') WHERE total IS NOT NULL ORDER BY status, id DESC LIMIT 5;
SELECT id, note FROM orders ORDER BY id;
UPDATE orders AS o SET o.note = 'alias' WHERE o.user_id > 2 ORDER BY o.total, o.id LIMIT 2;
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'none' ORDER BY id LIMIT 0;
UPDATE orders SET note = 'none' WHERE id = -1 ORDER BY id LIMIT 3;
UPDATE orders SET note = 'none' WHERE id = -1 LIMIT 3;
UPDATE orders SET note = 'any' LIMIT 100;
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET total = 0 LIMIT 0;
UPDATE orders SET total = total + 1 WHERE user_id = 3 ORDER BY id DESC LIMIT 1;
SELECT id, total FROM orders ORDER BY id;
UPDATE orders SET total = ? ORDER BY id LIMIT ?; -- bind 5, 2
SELECT id, total FROM orders ORDER BY id;
UPDATE orders SET note = 'by name' ORDER BY label, id LIMIT 6;
SELECT id, note FROM orders ORDER BY id;
UPDATE orders SET note = 'by place' ORDER BY status DESC, placed DESC, id LIMIT 6;
SELECT id, note FROM orders ORDER BY id;
UPDATE `lines` SET what = 'l' ORDER BY n DESC, user_id LIMIT 5;
SELECT user_id, n, what FROM `lines` ORDER BY user_id, n;
UPDATE names SET n = n + 1 ORDER BY code LIMIT 3;
SELECT code, n FROM names ORDER BY code;
UPDATE docs SET title = 'd' ORDER BY id DESC LIMIT 5;
SELECT id, title FROM docs ORDER BY id;
UPDATE bare SET a = a + 1 ORDER BY a LIMIT 2; -- refused
UPDATE bare SET a = 9 LIMIT 100;
UPDATE bare SET a = a + 1 ORDER BY a;
DELETE FROM bare LIMIT 100;
SELECT COUNT(*) FROM bare;
UPDATE IGNORE orders SET note = 'ignored' ORDER BY id LIMIT 2;
UPDATE orders SET uniq = uniq + 1 ORDER BY uniq DESC;
SELECT id, uniq FROM orders ORDER BY id;

DELETE FROM orders ORDER BY id LIMIT 0;
DELETE FROM orders ORDER BY id DESC LIMIT 2;
SELECT id FROM orders ORDER BY id;
DELETE FROM orders WHERE user_id > 1 ORDER BY total, id LIMIT 2;
SELECT id FROM orders ORDER BY id;
DELETE FROM docs ORDER BY id LIMIT 3;
SELECT id FROM docs ORDER BY id;
DELETE FROM docs WHERE docs.id > 0 ORDER BY docs.id DESC LIMIT 1;
SELECT id FROM docs ORDER BY id;
DELETE FROM `lines` WHERE n > ? ORDER BY n, user_id LIMIT ?; -- bind 0, 3
SELECT user_id, n FROM `lines` ORDER BY user_id, n;
DELETE FROM names WHERE code > 'b' ORDER BY code DESC LIMIT 1;
SELECT code FROM names ORDER BY code;
DELETE FROM docs LIMIT 0;
DELETE FROM docs LIMIT 1000;
SELECT COUNT(*) FROM docs;

BEGIN;
UPDATE orders SET note = 'in a transaction' ORDER BY id DESC LIMIT 2;
SELECT id, note FROM orders ORDER BY id;
DELETE FROM orders ORDER BY id LIMIT 1;
SELECT COUNT(*) FROM orders;
UPDATE orders SET uniq = 1 ORDER BY id LIMIT 3; -- may-refuse
ROLLBACK;
SELECT id, note FROM orders ORDER BY id;

START TRANSACTION READ ONLY;
UPDATE orders SET note = 'read only' ORDER BY id LIMIT 2;
UPDATE orders SET note = 'read only' WHERE id = -1 ORDER BY id LIMIT 2;
UPDATE orders SET note = 'read only' LIMIT 2;
UPDATE orders SET user_id = user_id + 1;
DELETE FROM orders ORDER BY id LIMIT 2;
ROLLBACK;

-- Several tables.
UPDATE orders o JOIN people p ON p.id = o.user_id SET o.note = p.name, p.n = p.n + 1 WHERE p.id < 6; -- any-info
SELECT id, note FROM orders ORDER BY id;
SELECT id, n FROM people ORDER BY id;
DELETE o FROM orders o JOIN people p ON p.id = o.user_id WHERE p.name = 'p4';
DELETE FROM o, l USING orders AS o JOIN `lines` AS l ON l.user_id = o.user_id WHERE o.user_id = 5;
SELECT id FROM orders ORDER BY id;
DELETE orders FROM orders, people WHERE people.id = orders.user_id AND people.n > 1000;
DELETE o FROM orders o JOIN people p ON p.id = o.user_id ORDER BY o.id LIMIT 1; -- may-refuse
UPDATE orders o JOIN people p ON p.id = o.user_id SET o.note = 'x' ORDER BY o.id LIMIT 1; -- may-refuse

-- Nothing is ever widened.
DELETE FROM orders WERE id = 1; -- may-refuse
UPDATE orders SET note = 'a' WHRE id = 1; -- may-refuse
DELETE FROM orders LIMIT 1 WHERE id = 1; -- may-refuse
DELETE nothing FROM orders WHERE id = 1; -- may-refuse
DELETE orders FROM nothing WHERE id = 1; -- may-refuse
DELETE FROM nothing WHERE id = 1; -- may-refuse
UPDATE nothing SET a = 1; -- may-refuse
UPDATE orders SET nothing = 1; -- may-refuse
UPDATE orders SET note = 1 WHERE nothing = 1; -- may-refuse
UPDATE orders, nothing SET note = 1; -- may-refuse
DELETE FROM orders WHERE; -- may-refuse
DELETE FROM orders LIMIT; -- may-refuse
DELETE FROM orders LIMIT -1; -- may-refuse
DELETE FROM orders LIMIT 1, 2; -- may-refuse
DELETE FROM orders LIMIT 1 OFFSET 2; -- may-refuse
DELETE FROM orders ODER BY id LIMIT 1; -- may-refuse
UPDATE orders SET note = 'x' ORDER BY id LIMT 1; -- may-refuse
UPDATE orders SET note = 'x' WHERE id = 1 id = 2; -- may-refuse
DELETE o FROM orders AS o, orders AS p WHERE o.id = -1 AND p.id = -1; -- may-refuse
DELETE FROM orders AS o WHERE o.id = -1; -- may-refuse
DELETE orders.* FROM orders WHERE id = -1;
DELETE orders o FROM orders o WHERE id = 1; -- may-refuse
SELECT id, note FROM orders ORDER BY id;
SELECT COUNT(*) FROM orders;
