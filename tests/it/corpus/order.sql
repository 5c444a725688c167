-- setup: shop.sql
-- ORDER BY and LIMIT over all shards. Each order is total, so that the answer is one.

SELECT id FROM users ORDER BY id;
SELECT id FROM users ORDER BY id ASC;
SELECT id FROM users ORDER BY id DESC;
SELECT id FROM users ORDER BY id LIMIT 5;
SELECT id FROM users ORDER BY id DESC LIMIT 5;
SELECT id FROM users ORDER BY id LIMIT 5, 5;
SELECT id FROM users ORDER BY id LIMIT 5 OFFSET 5;
SELECT id FROM users ORDER BY id LIMIT 0;
SELECT id FROM users ORDER BY id LIMIT 0, 3;
SELECT id FROM users ORDER BY id LIMIT 28, 10;
SELECT id FROM users ORDER BY id LIMIT 100, 10;
SELECT id FROM users ORDER BY id LIMIT 1000000;
SELECT id FROM users ORDER BY id LIMIT 18446744073709551615;
SELECT id FROM users ORDER BY id LIMIT 2, 18446744073709551615;
SELECT id, name FROM users ORDER BY name, id;
SELECT id, name FROM users ORDER BY name DESC, id;
SELECT id, name FROM users ORDER BY name DESC, id DESC;
SELECT name, id FROM users ORDER BY name COLLATE utf8mb4_bin, id;
SELECT name, id FROM users ORDER BY BINARY name, id; -- any-warnings
SELECT name, id FROM users ORDER BY LOWER(name), id;
SELECT name, id FROM users ORDER BY CHAR_LENGTH(name) DESC, name, id;
SELECT name, id FROM users ORDER BY REVERSE(name), id;
SELECT id, email FROM users ORDER BY email, id;
SELECT id, email FROM users ORDER BY email DESC, id;
SELECT id, email FROM users ORDER BY email IS NULL, email, id;
SELECT id, city FROM users ORDER BY city, id;
SELECT id, city FROM users ORDER BY city DESC, id DESC LIMIT 12;
SELECT id, city FROM users ORDER BY ISNULL(city), city, id;
SELECT id, city FROM users ORDER BY city IS NULL DESC, city, id LIMIT 10;
SELECT id, age FROM users ORDER BY age, id;
SELECT id, age FROM users ORDER BY age DESC, id;
SELECT id, age FROM users ORDER BY -age, id;
SELECT id, age FROM users ORDER BY age IS NULL, age, id;
SELECT id, balance FROM users ORDER BY balance, id;
SELECT id, balance FROM users ORDER BY balance DESC, id LIMIT 7;
SELECT id, balance FROM users ORDER BY ABS(balance), id;
SELECT id, balance FROM users ORDER BY balance * -1, id;
SELECT id, balance FROM users ORDER BY balance + 0.001, id;
SELECT id, score FROM users ORDER BY score, id;
SELECT id, score FROM users ORDER BY score DESC, id;
SELECT id, score FROM users ORDER BY -score, id;
SELECT id, born FROM users ORDER BY born, id;
SELECT id, born FROM users ORDER BY born DESC, id LIMIT 10;
SELECT id, born FROM users ORDER BY MONTH(born), DAY(born), id;
SELECT id, created FROM users ORDER BY created, id;
SELECT id, created FROM users ORDER BY created DESC, id LIMIT 10 OFFSET 3;
SELECT id, created FROM users ORDER BY TIME(created), id;
SELECT id, active FROM users ORDER BY active DESC, id;
SELECT id FROM users ORDER BY name, id;
SELECT id FROM users ORDER BY balance, id LIMIT 3;
SELECT city FROM users ORDER BY id;
SELECT city, name FROM users ORDER BY created, id;
SELECT id, name FROM users ORDER BY 2, 1;
SELECT id, name FROM users ORDER BY 2 DESC, 1 DESC;
SELECT id, balance AS b FROM users ORDER BY b, id;
SELECT id, balance * 2 AS b FROM users ORDER BY b DESC, id;
SELECT id, balance AS name FROM users ORDER BY name, id;
SELECT id AS a, name AS b FROM users ORDER BY b, a;
SELECT id, CONCAT(city, '-', name) AS label FROM users ORDER BY label, id;
SELECT id, CONCAT(city, '-', name) FROM users ORDER BY CONCAT(city, '-', name) DESC, id;
SELECT id FROM users ORDER BY city, name, id;
SELECT id FROM users ORDER BY city DESC, name ASC, age DESC, id;
SELECT id FROM users ORDER BY active, city DESC, id DESC LIMIT 15;
SELECT id FROM users ORDER BY id % 5, id;
SELECT id FROM users ORDER BY id % 5 DESC, id DESC LIMIT 10;
SELECT id FROM users ORDER BY IF(age > 50, 0, 1), id;
SELECT id FROM users ORDER BY CASE WHEN city = 'Paris' THEN 0 WHEN city IS NULL THEN 2 ELSE 1 END, id;
SELECT id FROM users ORDER BY FIELD(city, 'Oslo', 'Wien'), id;
SELECT id FROM users ORDER BY COALESCE(city, 'm'), id;
SELECT id FROM users ORDER BY city = 'Paris' DESC, id;
SELECT id FROM users ORDER BY NULL, id;
SELECT u.id, u.name FROM users u ORDER BY u.name, u.id LIMIT 5;
SELECT users.id FROM users ORDER BY users.name, users.id LIMIT 5;
SELECT `id` FROM `users` ORDER BY `name`, `users`.`id` LIMIT 5;
SELECT * FROM users ORDER BY name, id LIMIT 5;
SELECT u.* FROM users u ORDER BY u.born, u.id LIMIT 5;
SELECT *, name AS extra FROM users ORDER BY extra, id LIMIT 4;
SELECT id FROM users WHERE active ORDER BY name DESC, id LIMIT 4;
SELECT id FROM users WHERE id IN (9, 4, 22, 17) ORDER BY name, id;
SELECT id FROM users WHERE id = 5 AND id = 6 ORDER BY name;
SELECT id FROM users WHERE FALSE ORDER BY name, id LIMIT 3;
SELECT id, status FROM orders ORDER BY status, id;
SELECT id, status FROM orders ORDER BY status DESC, id LIMIT 20;
SELECT id, total FROM orders ORDER BY total, id;
SELECT id, total FROM orders ORDER BY total DESC, id LIMIT 5;
SELECT id, placed FROM orders ORDER BY placed, id;
SELECT id, note FROM orders ORDER BY note, id;
SELECT id, note FROM orders ORDER BY note DESC, id LIMIT 8;
SELECT user_id, id FROM orders ORDER BY user_id, total DESC, id;
SELECT id FROM orders ORDER BY DATE(placed) DESC, id LIMIT 10;
SELECT id, quantity * price AS cost FROM order_items ORDER BY cost DESC, id LIMIT 10;
SELECT order_id, SUM(quantity * price) AS cost FROM order_items GROUP BY order_id ORDER BY cost DESC, order_id LIMIT 5;
SELECT k FROM sparse ORDER BY v, k;
SELECT k FROM sparse ORDER BY v DESC LIMIT 1;
SELECT id FROM products ORDER BY category, price, id;
SELECT who, id FROM audit_log ORDER BY who DESC, id;
SELECT id FROM users ORDER BY id LIMIT ?; -- bind 3
SELECT id FROM users ORDER BY name, id LIMIT ? OFFSET ?; -- bind 3, 10
SELECT id FROM users WHERE age > ? ORDER BY age DESC, id LIMIT ?, ?; -- bind 30, 2, 5
SELECT id, name FROM users WHERE name > ? ORDER BY name, id; -- bind 'm'
SELECT id FROM users ORDER BY id = ?, id; -- bind 5
SELECT DISTINCT city FROM users ORDER BY city IS NULL; -- may-refuse | count-only
(SELECT id FROM users WHERE id < 4) ORDER BY id DESC; -- may-refuse
