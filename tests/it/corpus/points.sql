-- setup: shop.sql
-- One shard by the key: every form of literal and condition.

SELECT * FROM users WHERE id = 5;
SELECT id, name FROM users WHERE id = 5;
SELECT name FROM users WHERE 5 = id;
SELECT name FROM users WHERE id <=> 5;
SELECT name FROM users WHERE id <=> NULL;
SELECT name FROM users WHERE id = NULL;
SELECT name FROM users WHERE id IS NULL;
SELECT COUNT(*) FROM users WHERE id IS NOT NULL;
SELECT name FROM users WHERE id = '5';
SELECT name FROM users WHERE id = ' 5';
SELECT name FROM users WHERE id = '5.0';
SELECT name FROM users WHERE id = '05';
SELECT name FROM users WHERE id = '5abc'; -- any-warnings
SELECT name FROM users WHERE id = 'abc'; -- any-warnings
SELECT name FROM users WHERE id = ''; -- any-warnings
SELECT name FROM users WHERE id = 5.0;
SELECT name FROM users WHERE id = 5.5;
SELECT name FROM users WHERE id = 5e0;
SELECT name FROM users WHERE id = 0.5e1;
SELECT name FROM users WHERE id = 0x05;
SELECT name FROM users WHERE id = 0x05 + 0;
SELECT name FROM users WHERE id = x'05';
SELECT name FROM users WHERE id = b'101';
SELECT name FROM users WHERE id = +5;
SELECT name FROM users WHERE id = -5;
SELECT name FROM users WHERE id = - -5;
SELECT name FROM users WHERE id = -(-5);
SELECT name FROM users WHERE id = (5);
SELECT name FROM users WHERE (id) = 5;
SELECT name FROM users WHERE id = 2 + 3;
SELECT name FROM users WHERE id = ABS(-5);
SELECT name FROM users WHERE id + 0 = 5;
SELECT name FROM users WHERE id = TRUE;
SELECT name FROM users WHERE id = FALSE;
SELECT name FROM users WHERE id = CAST('5' AS SIGNED);
SELECT name FROM users WHERE id = 9223372036854775807;
SELECT name FROM users WHERE id = 9223372036854775808;
SELECT name FROM users WHERE id = 18446744073709551615;
SELECT name FROM users WHERE id = 99999999999999999999999;
SELECT name FROM users WHERE id = -9223372036854775808;
SELECT name FROM users WHERE id = '18446744073709551615';
SELECT name FROM users WHERE id IN (5);
SELECT id, name FROM users WHERE id IN (5, 6, 7, 5);
SELECT id, name FROM users WHERE id IN (5, '6', 7.0, NULL);
SELECT id, name FROM users WHERE id IN (NULL);
SELECT id, name FROM users WHERE id IN (1000, 1001);
SELECT id FROM users WHERE id IN (3, 1, 2) ORDER BY id;
SELECT id FROM users WHERE id NOT IN (1, 2, 3) ORDER BY id LIMIT 5;
SELECT id FROM users WHERE id NOT IN (1, NULL);
SELECT id, name FROM users WHERE (id, city) IN ((5, 'Oslo'), (4, 'Berlin'));
SELECT id, name FROM users WHERE (id, name) = (5, 'Ärger');
SELECT id FROM users WHERE id BETWEEN 5 AND 7;
SELECT id FROM users WHERE id BETWEEN 7 AND 5;
SELECT id FROM users WHERE id BETWEEN 5 AND 5;
SELECT id FROM users WHERE id BETWEEN NULL AND 5;
SELECT id FROM users WHERE id NOT BETWEEN 3 AND 28 ORDER BY id;
SELECT id FROM users WHERE id > 27 ORDER BY id;
SELECT id FROM users WHERE id >= 28 AND id < 30 ORDER BY id;
SELECT id FROM users WHERE 3 > id ORDER BY id;
SELECT id FROM users WHERE id > 5 AND id < 6;
SELECT id FROM users WHERE id > 4.5 AND id < 5.5;
SELECT id FROM users WHERE id = 5 AND id = 6;
SELECT id, name, balance FROM users WHERE id = 5 AND id IN (6, 7);
SELECT COUNT(*) FROM users WHERE id = 5 AND id = 6;
SELECT COUNT(*), SUM(balance), MAX(name) FROM users WHERE id = 5 AND id = 6;
SELECT city, COUNT(*) FROM users WHERE id = 5 AND id = 6 GROUP BY city;
SELECT id FROM users WHERE id = 5 AND id = 5;
SELECT id FROM users WHERE id = 5 AND name = 'ärger';
SELECT id FROM users WHERE id = 5 AND name = 'nobody';
SELECT id FROM users WHERE id = 5 OR id = 6;
SELECT id FROM users WHERE id = 5 OR name = 'Max' ORDER BY id;
SELECT id FROM users WHERE id = 5 OR TRUE ORDER BY id DESC LIMIT 3;
SELECT id FROM users WHERE id = 5 OR 1 = 0;
SELECT id FROM users WHERE id = 5 XOR id = 6;
SELECT id FROM users WHERE NOT id = 5 ORDER BY id LIMIT 4;
SELECT id FROM users WHERE NOT (id <> 5);
SELECT id FROM users WHERE NOT (id <> 5 OR name = 'x');
SELECT id FROM users WHERE id != 5 AND id <= 3 ORDER BY id;
SELECT id FROM users WHERE (id = 5 OR id = 6) AND (id = 6 OR id = 7);
SELECT id FROM users WHERE (id = 5 AND city = 'x') OR (id = 6 AND active = 0) OR id = 7 ORDER BY id;
SELECT id FROM users WHERE id = 5 = 1;
SELECT id FROM users WHERE id = (5 = 5);
SELECT id FROM users WHERE id = age ORDER BY id;
SELECT id FROM users WHERE id = active ORDER BY id;
SELECT id FROM users WHERE id < age AND id > 20 ORDER BY id;
SELECT id FROM users WHERE id % 10 = 5 ORDER BY id;
SELECT id FROM users WHERE id * 2 = 10;
SELECT id FROM users WHERE id LIKE '5';
SELECT id FROM users WHERE id LIKE '2%' ORDER BY id;
SELECT id FROM users WHERE CASE WHEN id = 5 THEN 1 ELSE 0 END;
SELECT id FROM users WHERE IF(id = 5, 1, 0) = 1;
SELECT id FROM users WHERE COALESCE(id, 0) = 5;
SELECT u.id FROM users u WHERE u.id = 5;
SELECT u.id FROM users AS u WHERE u.id = 5 AND u.active;
SELECT users.id FROM users WHERE users.id = 5;
SELECT `users`.`id` FROM `users` WHERE `users`.`id` = 5;
SELECT u.* FROM users u WHERE u.id = 5;
SELECT u.*, u.id AS again FROM users u WHERE u.id = 5;
SELECT id AS name, name AS id FROM users WHERE id = 5;
SELECT 1 FROM users WHERE id = 5;
SELECT NULL, 'x', 1.5, id FROM users WHERE id = 5;
SELECT COUNT(*) FROM users WHERE id = 5;
SELECT COUNT(*) FROM users WHERE id = 5000;
SELECT MAX(balance) FROM users WHERE id = 5000;
SELECT DISTINCT city FROM users WHERE id = 5;
SELECT ID FROM users WHERE Id = 5;
select id from users where id = 5;
SELECT id FROM users WHERE id = 5 LIMIT 1;
SELECT id FROM users WHERE id = 5 LIMIT 0;
SELECT id FROM users WHERE id = 5 LIMIT 1 OFFSET 1;
SELECT id FROM users WHERE id = 5 ORDER BY name LIMIT 10;
SELECT id FROM users USE INDEX (PRIMARY) WHERE id = 5;
SELECT id FROM users FORCE INDEX (city_key) WHERE id = 5;
SELECT SQL_NO_CACHE id FROM users WHERE id = 5; -- mariadb
SELECT /* a comment */ id FROM users -- another
WHERE id = 5 # and one more
;
SELECT HIGH_PRIORITY id FROM users WHERE id = 5;
SELECT id FROM users WHERE id = 5 FOR UPDATE;
SELECT id FROM users WHERE id = 5 LOCK IN SHARE MODE;
SELECT ALL id FROM users WHERE id = 5;
SELECT id, status FROM orders WHERE user_id = 3 ORDER BY id;
SELECT id, status FROM orders WHERE user_id = 3 AND id = 106;
SELECT id, user_id FROM orders WHERE id = 106;
SELECT id, user_id FROM orders WHERE id IN (101, 102, 103) ORDER BY id;
SELECT id FROM orders WHERE user_id = 3 AND total > 100 ORDER BY total DESC, id;
SELECT id FROM orders WHERE user_id IN (3, 8) AND status IN ('new', 'PAID') ORDER BY id;
SELECT user_id, COUNT(*) FROM orders WHERE user_id = 3 GROUP BY user_id;
SELECT * FROM products WHERE id = 3;
SELECT * FROM products ORDER BY id;
SELECT * FROM products WHERE name = 'lamp';
SELECT * FROM audit_log ORDER BY id;
SELECT who, COUNT(*) FROM audit_log GROUP BY who ORDER BY who;
SELECT * FROM sparse;
SELECT v FROM sparse WHERE k = 7;
SELECT v FROM sparse WHERE k = 9;
SELECT id, name FROM users WHERE id = ?; -- bind 5
SELECT id, name FROM users WHERE id = ?; -- bind '5'
SELECT id, name FROM users WHERE id = ?; -- bind NULL
SELECT id, name FROM users WHERE id = ?; -- bind 5.0
SELECT id, name FROM users WHERE id = ?; -- bind 5d
SELECT id, name FROM users WHERE id IN (?, ?, ?); -- bind 5, 6, NULL
SELECT id, name FROM users WHERE id BETWEEN ? AND ?; -- bind 5, 7
SELECT id, name FROM users WHERE id = ? AND name = ?; -- bind 5, 'Ärger'
SELECT id, ? FROM users WHERE id = ?; -- bind 'x', 5
SELECT id FROM users WHERE id = ? OR id = ?; -- bind 5, 6
SELECT id FROM users WHERE id = ? AND id = ?; -- bind 5, 6
SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ? OFFSET ?; -- bind 3, 4, 2
SELECT id FROM users WHERE id = -?; -- bind -5
SELECT id FROM users WHERE id = ? + ?; -- bind 2, 3
SELECT name FROM users WHERE id <=> ?; -- bind NULL
