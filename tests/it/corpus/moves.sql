-- UPDATEs of the sharding key: rows move, and the answer is that of one server.
-- setup: moves_tables.sql

-- The key is no part of the primary key.
UPDATE orders SET user_id = 6 WHERE id = 1;
SELECT * FROM orders ORDER BY id;
UPDATE orders SET user_id = 7 WHERE user_id = 2;
SELECT * FROM orders ORDER BY id;
SELECT id FROM orders WHERE user_id = 7 ORDER BY id;
UPDATE orders SET user_id = user_id;
UPDATE orders SET user_id = user_id + 100 WHERE id < 6;
SELECT * FROM orders ORDER BY id;
SELECT id FROM orders WHERE user_id = 103;
UPDATE orders SET user_id = user_id - 100, note = CONCAT('was ', user_id) WHERE user_id > 100;
SELECT id, user_id, note FROM orders ORDER BY id;
UPDATE orders SET note = user_id, user_id = id, total = user_id WHERE id IN (1, 2, 3, 4);
SELECT id, user_id, note, total, doubled FROM orders ORDER BY id;
UPDATE orders SET user_id = 3 WHERE id = 3;
UPDATE orders SET user_id = 3 WHERE user_id = 3;
UPDATE orders SET user_id = 4 WHERE user_id = 3 AND id = -5;
UPDATE orders SET user_id = '12' WHERE id = 5;
UPDATE orders SET user_id = 13.4 WHERE id = 6;
UPDATE orders SET user_id = 14.5 WHERE id = 6;
SELECT id, user_id FROM orders ORDER BY id;
UPDATE orders SET user_id = NULL WHERE id = 6;
UPDATE orders SET user_id = 'abc' WHERE id = 6;
UPDATE orders SET user_id = '15x' WHERE id = 6;
UPDATE orders SET user_id = 99999999999999999999 WHERE id = 6;
UPDATE orders SET user_id = DEFAULT WHERE id = 6;
UPDATE orders SET user_id = 20, total = -5000 WHERE id = 6;
SELECT id, user_id FROM orders ORDER BY id;
SET sql_mode = '';
UPDATE orders SET user_id = '15x' WHERE id = 6;
UPDATE orders SET user_id = 99999999999999999999 WHERE id = 5;
UPDATE orders SET user_id = '' WHERE id = 4;
SELECT id, user_id FROM orders ORDER BY id;
SET sql_mode = DEFAULT;
UPDATE orders SET user_id = ? WHERE id = ?; -- bind 31, 1
UPDATE orders SET user_id = user_id + ? WHERE user_id > ? AND id < 9; -- bind 2, 5
SELECT id, user_id FROM orders ORDER BY id;
UPDATE orders SET user_id = CASE user_id WHEN 9 THEN 10 WHEN 10 THEN 9 ELSE user_id END WHERE id > 8;
SELECT id, user_id FROM orders ORDER BY id;
UPDATE orders SET user_id = 77 ORDER BY id DESC LIMIT 3;
SELECT id, user_id FROM orders ORDER BY id;
UPDATE orders SET user_id = 78 WHERE id > 3 LIMIT 100;
SELECT id, user_id, uniq FROM orders ORDER BY id;
-- A unique value is there already.
UPDATE orders SET uniq = id;
UPDATE orders SET user_id = id;
UPDATE orders SET uniq = 1 WHERE id < 4;
UPDATE orders SET user_id = 1 WHERE id < 4;
UPDATE orders SET user_id = 1 WHERE id = 2;
SELECT id, user_id, uniq FROM orders ORDER BY id;
UPDATE IGNORE orders SET user_id = 1 WHERE id = 2; -- refused
UPDATE orders SET uniq = NULL;

-- The key is the primary key.
UPDATE people SET id = 11 WHERE id = 1;
SELECT * FROM people ORDER BY id;
UPDATE people SET id = 12 WHERE id IN (2, 3);
UPDATE people SET id = 4 WHERE id = 2;
UPDATE people SET id = id + 100 WHERE id < 5;
SELECT * FROM people ORDER BY id;
UPDATE people SET id = id + 1;
UPDATE people SET id = id + 1 ORDER BY id DESC;
SELECT * FROM people ORDER BY id;
UPDATE people SET id = id - 1 ORDER BY id;
UPDATE people SET id = id - 1;
SELECT * FROM people ORDER BY id;
UPDATE people SET id = CASE id WHEN 5 THEN 6 ELSE 5 END WHERE id IN (5, 6);
UPDATE people SET id = -id, n = id;
SELECT * FROM people ORDER BY id;
UPDATE people SET id = -id, name = CONCAT(name, id) WHERE name LIKE 'p%';
SELECT * FROM people ORDER BY id;
UPDATE people SET n = id, id = n; -- may-refuse
UPDATE people SET id = 0 WHERE name LIKE 'p7%';
SELECT * FROM people ORDER BY id;
UPDATE people SET id = 7 WHERE id = 0;

-- The key is a part of the primary key.
UPDATE `lines` SET user_id = 21 WHERE user_id = 1;
SELECT user_id, n, what, changed IS NULL FROM `lines` ORDER BY user_id, n;
UPDATE `lines` SET user_id = 22, n = n + 10 WHERE user_id IN (2, 6);
SELECT user_id, n, what FROM `lines` ORDER BY user_id, n;
UPDATE `lines` SET user_id = user_id + 1 WHERE what < 'e' ORDER BY user_id DESC;
SELECT user_id, n, what FROM `lines` ORDER BY user_id, n;
UPDATE `lines` SET user_id = 5;
SELECT user_id, n, what FROM `lines` ORDER BY user_id, n;
UPDATE `lines` AS l SET l.user_id = 8, l.what = 'moved' WHERE l.user_id = 3;
UPDATE `lines` SET n = n + 1;
SELECT user_id, n, what FROM `lines` ORDER BY user_id, n;

-- Ranges, lists, dates, strings, numbered tables.
UPDATE ranged SET k = 250 WHERE id = 1;
UPDATE ranged SET k = k + 100 WHERE k < 200;
UPDATE ranged SET k = -1 WHERE id = 4;
SELECT * FROM ranged ORDER BY id;
SELECT id FROM ranged WHERE k < 100 ORDER BY id;
UPDATE listed SET country = 'us' WHERE country = 'de';
UPDATE listed SET country = CONCAT('j', 'p') WHERE v = 2;
SELECT * FROM listed ORDER BY id;
SELECT id FROM listed WHERE country = 'us' ORDER BY id;
UPDATE dated SET day = day + INTERVAL 1 MONTH ORDER BY day DESC;
SELECT * FROM dated ORDER BY id;
UPDATE dated SET day = '2024-01-31' WHERE id = 3;
SELECT * FROM dated ORDER BY id;
SELECT id FROM dated WHERE day = '2024-01-31' ORDER BY id;
UPDATE names SET code = UPPER(code) WHERE code IN ('zz', 'ä');
UPDATE names SET code = CONCAT(code, '-', n) WHERE n > 4;
UPDATE names SET code = 'B' WHERE code = 'a';
UPDATE names SET code = 'ö' WHERE code = 'a';
SELECT * FROM names ORDER BY code;
SELECT n FROM names WHERE code = 'ö';
SELECT n FROM names WHERE code = 'ZZ-8';
UPDATE docs SET id = id + 100 WHERE id < 4;
UPDATE docs SET id = 101 WHERE id = 5;
UPDATE docs SET id = 5 WHERE id = 5;
UPDATE docs SET id = id + 1 ORDER BY id DESC;
SELECT * FROM docs ORDER BY id;
SELECT title FROM docs WHERE id = 104;
UPDATE bare SET k = 3; -- refused
UPDATE bare SET k = 3 WHERE k = 3;
UPDATE orders o JOIN people p ON p.id = o.user_id SET o.user_id = 1;
UPDATE orders o JOIN people p ON p.id = o.user_id SET o.user_id = 5 WHERE o.user_id = 5; -- any-info

-- In a transaction.
BEGIN;
UPDATE people SET id = 200 WHERE id = 10;
SELECT * FROM people ORDER BY id;
UPDATE people SET id = 201 WHERE id > 50;
SELECT * FROM people ORDER BY id;
UPDATE people SET name = 'changed' WHERE id = 200;
SAVEPOINT a;
UPDATE people SET id = id + 1000;
SELECT * FROM people ORDER BY id;
ROLLBACK TO a;
SELECT * FROM people ORDER BY id;
ROLLBACK;
SELECT * FROM people ORDER BY id;
BEGIN;
UPDATE orders SET user_id = 500 - id;
COMMIT;
SELECT * FROM orders ORDER BY id;
SELECT COUNT(*) FROM orders WHERE user_id = 491;

-- Variables that change what a SELECT or an UPDATE may do.
SET sql_select_limit = 1;
UPDATE orders SET user_id = 600 - id;
UPDATE orders SET note = 'limited' ORDER BY id LIMIT 4;
SET sql_select_limit = DEFAULT;
SELECT id, user_id, note FROM orders ORDER BY id;
SET sql_safe_updates = 1;
UPDATE orders SET user_id = 5; -- refused
UPDATE orders SET user_id = 5 ORDER BY id LIMIT 2;
SET sql_safe_updates = 0;
SELECT id, user_id FROM orders ORDER BY id;
