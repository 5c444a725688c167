-- setup: shop.sql
-- Aggregates, GROUP BY, HAVING and DISTINCT over all shards.

SELECT COUNT(*) FROM users;
SELECT count(*) FROM users;
SELECT COUNT( * ) FROM users; -- any-warnings
SELECT COUNT(1), COUNT(NULL), COUNT(0) FROM users;
SELECT COUNT(city), COUNT(age), COUNT(id) FROM users;
SELECT COUNT(*) AS n FROM users WHERE active;
SELECT COUNT(*) + 1 FROM users; -- may-refuse
SELECT COUNT(*) FROM users WHERE id = 1000;
SELECT COUNT(*) FROM users WHERE FALSE;
SELECT SUM(age) FROM users;
SELECT SUM(balance), SUM(balance * 2), SUM(-balance) FROM users;
SELECT SUM(score), SUM(score * 4) FROM users;
SELECT SUM(active) FROM users;
SELECT SUM(city = 'Paris') FROM users;
SELECT SUM(age) FROM users WHERE FALSE;
SELECT SUM(NULL) FROM users; -- may-refuse
SELECT SUM(IF(active, balance, 0)) AS active_balance FROM users;
SELECT MIN(id), MAX(id) FROM users;
SELECT MIN(age), MAX(age), MIN(balance), MAX(balance), MIN(score), MAX(score) FROM users;
SELECT MIN(born), MAX(born), MIN(created), MAX(created) FROM users;
SELECT MIN(email), MAX(email) FROM users;
SELECT MIN(CHAR_LENGTH(name)), MAX(CHAR_LENGTH(name)) FROM users;
SELECT MIN(name) FROM users WHERE id IN (27, 26, 24, 21);
SELECT MIN(age), MAX(name), COUNT(*), SUM(age), AVG(age) FROM users WHERE FALSE;
SELECT AVG(age) FROM users;
SELECT AVG(balance) FROM users;
SELECT AVG(score) FROM users;
SELECT AVG(active) FROM users;
SELECT AVG(balance), SUM(balance), COUNT(balance) FROM users WHERE active;
SELECT AVG(age) AS mean, MIN(age) AS low, MAX(age) AS high FROM users;
SELECT AVG(total) FROM orders WHERE status = 'new';
SELECT AVG(quantity * price) FROM order_items;
SELECT COUNT(*), MIN(total), MAX(total), SUM(total), AVG(total) FROM orders;
SELECT MIN(status), MAX(status) FROM orders; -- may-refuse
SELECT MAX(placed), MIN(placed) FROM orders WHERE user_id = 3;
SELECT COUNT(DISTINCT active) FROM users; -- may-refuse
SELECT COUNT(DISTINCT city) FROM users; -- may-refuse
SELECT COUNT(DISTINCT user_id) FROM orders; -- may-refuse
SELECT SUM(DISTINCT quantity) FROM order_items; -- may-refuse
SELECT COUNT(DISTINCT id) FROM users; -- may-refuse
SELECT active, COUNT(*) FROM users GROUP BY active;
SELECT active, COUNT(*) AS n FROM users GROUP BY active ORDER BY active;
SELECT active, COUNT(*) AS n FROM users GROUP BY active ORDER BY n DESC, active;
SELECT active, COUNT(*) FROM users GROUP BY active ORDER BY COUNT(*) DESC;
SELECT active, COUNT(*) FROM users GROUP BY active ORDER BY 2;
SELECT COUNT(*), active FROM users GROUP BY 2;
SELECT COUNT(*) FROM users GROUP BY active;
SELECT COUNT(*) FROM users GROUP BY active ORDER BY active;
SELECT active AS a, COUNT(*) FROM users GROUP BY a;
SELECT COUNT(*) AS n, MIN(id) AS first FROM users GROUP BY city ORDER BY n DESC, first;
SELECT COUNT(*), MIN(id) FROM users GROUP BY city;
SELECT COUNT(*), MIN(id) FROM users GROUP BY name;
SELECT COUNT(*), MIN(id) FROM users GROUP BY name ORDER BY COUNT(*) DESC, MIN(id) LIMIT 4;
SELECT UPPER(city) AS c, COUNT(*) FROM users WHERE city IN ('Berlin', 'Paris', 'Oslo') GROUP BY UPPER(city);
SELECT UPPER(city) AS c, COUNT(*) FROM users WHERE city IN ('Berlin', 'Paris', 'Oslo') GROUP BY c ORDER BY c;
SELECT email, COUNT(*) FROM users GROUP BY email;
SELECT email, COUNT(*) FROM users GROUP BY email ORDER BY email DESC LIMIT 5;
SELECT age, COUNT(*) FROM users GROUP BY age;
SELECT age IS NULL AS unknown, COUNT(*), AVG(age) FROM users GROUP BY age IS NULL;
SELECT age DIV 10 AS decade, COUNT(*), SUM(balance), AVG(balance) FROM users GROUP BY age DIV 10 ORDER BY decade;
SELECT age DIV 10 AS decade, COUNT(*) FROM users GROUP BY decade ORDER BY decade DESC LIMIT 3;
SELECT age DIV 10 AS decade, active, COUNT(*) FROM users GROUP BY decade, active ORDER BY decade, active;
SELECT YEAR(born) DIV 10, COUNT(*) FROM users GROUP BY YEAR(born) DIV 10;
SELECT MONTH(created) AS m, COUNT(*), MIN(created), MAX(created) FROM users GROUP BY m ORDER BY m;
SELECT DATE(placed) AS d, COUNT(*) FROM orders GROUP BY d ORDER BY d;
SELECT born, COUNT(*) FROM users GROUP BY born ORDER BY born LIMIT 10;
SELECT balance, COUNT(*) FROM users GROUP BY balance ORDER BY balance;
SELECT score, COUNT(*), SUM(score) FROM users GROUP BY score ORDER BY score;
SELECT status, COUNT(*) FROM orders GROUP BY status;
SELECT status, COUNT(*), SUM(total), AVG(total), MIN(total), MAX(total) FROM orders GROUP BY status ORDER BY status;
SELECT status, COUNT(*) FROM orders GROUP BY status ORDER BY SUM(total) DESC;
SELECT status, product_id, COUNT(*) FROM orders GROUP BY status, product_id;
SELECT status, product_id, SUM(total) AS s FROM orders GROUP BY status, product_id ORDER BY status DESC, product_id LIMIT 10;
SELECT product_id, status, COUNT(*) FROM orders GROUP BY product_id, status ORDER BY product_id, status LIMIT 5, 5;
SELECT product_id, COUNT(*) AS n FROM orders WHERE total > 100 GROUP BY product_id ORDER BY n DESC, product_id LIMIT 3;
SELECT product_id % 2, COUNT(*) FROM orders GROUP BY product_id % 2;
SELECT user_id, COUNT(*) FROM orders GROUP BY user_id;
SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id ORDER BY n DESC, user_id LIMIT 5;
SELECT user_id, SUM(total) FROM orders GROUP BY user_id ORDER BY SUM(total) DESC, user_id LIMIT 5;
SELECT user_id, COUNT(*) FROM orders GROUP BY user_id HAVING COUNT(*) > 2;
SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id HAVING n > 2 ORDER BY user_id;
SELECT user_id, SUM(total) AS s FROM orders GROUP BY user_id HAVING s > 300 AND COUNT(*) >= 2 ORDER BY s DESC, user_id;
SELECT user_id, AVG(total) FROM orders GROUP BY user_id HAVING user_id IN (3, 8, 15) ORDER BY user_id;
SELECT user_id, status, COUNT(*) FROM orders GROUP BY user_id, status HAVING COUNT(*) > 1;
SELECT user_id, COUNT(DISTINCT product_id) FROM orders GROUP BY user_id ORDER BY user_id;
SELECT user_id, GROUP_CONCAT(id ORDER BY id) AS all_orders FROM orders GROUP BY user_id ORDER BY user_id;
SELECT user_id, COUNT(*) + SUM(quantity) FROM order_items GROUP BY user_id ORDER BY user_id;
SELECT id, COUNT(*) FROM users GROUP BY id ORDER BY id LIMIT 3;
SELECT id, name, COUNT(*) FROM users GROUP BY id, name ORDER BY id LIMIT 3;
SELECT status, COUNT(*) AS n FROM orders GROUP BY status HAVING n > 10; -- may-refuse
SELECT status, COUNT(*) FROM orders GROUP BY status HAVING COUNT(*) > 10 ORDER BY status; -- may-refuse
SELECT status FROM orders GROUP BY status HAVING SUM(total) > 1000; -- may-refuse
SELECT COUNT(*) FROM orders HAVING COUNT(*) > 1000; -- may-refuse
SELECT id FROM users HAVING id > 27; -- may-refuse
SELECT status, SUM(total) / COUNT(*) FROM orders GROUP BY status; -- may-refuse
SELECT status, ROUND(AVG(total), 1) FROM orders GROUP BY status; -- may-refuse
SELECT status, COUNT(*) FROM orders GROUP BY status ORDER BY SUM(total) / COUNT(*); -- may-refuse
SELECT status, COUNT(*) FROM orders GROUP BY status WITH ROLLUP; -- may-refuse
SELECT GROUP_CONCAT(id ORDER BY id) FROM users; -- may-refuse
SELECT GROUP_CONCAT(DISTINCT active ORDER BY active SEPARATOR '|') FROM users; -- may-refuse
SELECT STDDEV(age), VARIANCE(age) FROM users; -- may-refuse
SELECT BIT_OR(id), BIT_AND(id), BIT_XOR(id) FROM users; -- may-refuse
SELECT MAX(age) - MIN(age) FROM users; -- may-refuse
SELECT IFNULL(SUM(age), 0) FROM users WHERE FALSE; -- may-refuse
SELECT COUNT(*) > 10 FROM users; -- may-refuse
SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM users; -- may-refuse
SELECT id, SUM(total) OVER (PARTITION BY user_id ORDER BY id) FROM orders WHERE user_id = 3 ORDER BY id;
SELECT v, COUNT(*) FROM sparse GROUP BY v;
SELECT SUM(v), COUNT(v), AVG(v) FROM sparse;
SELECT MIN(v) FROM sparse WHERE k > 100;
SELECT k, SUM(v) FROM sparse GROUP BY k ORDER BY k;
SELECT category, COUNT(*), SUM(price) FROM products GROUP BY category ORDER BY category;
SELECT category, COUNT(*) AS n FROM products GROUP BY category HAVING n > 1 ORDER BY n DESC, category;
SELECT MAX(price) - MIN(price) FROM products;
SELECT who, COUNT(*) FROM audit_log GROUP BY who HAVING COUNT(*) > 1;
SELECT DISTINCT active FROM users;
SELECT DISTINCT active FROM users ORDER BY active DESC;
SELECT DISTINCT age DIV 10 FROM users;
SELECT DISTINCT age DIV 10 AS decade FROM users ORDER BY decade;
SELECT DISTINCT age DIV 10 AS decade FROM users ORDER BY decade DESC LIMIT 3;
SELECT DISTINCT age DIV 10 AS decade FROM users ORDER BY decade LIMIT 2, 3;
SELECT DISTINCT email FROM users ORDER BY email;
SELECT DISTINCT email FROM users;
SELECT DISTINCT city FROM users; -- count-only
SELECT DISTINCT name FROM users; -- count-only
SELECT DISTINCT active, age DIV 20 FROM users;
SELECT DISTINCT status, product_id FROM orders ORDER BY status, product_id;
SELECT DISTINCT status FROM orders ORDER BY status LIMIT 2;
SELECT DISTINCT user_id FROM orders ORDER BY user_id;
SELECT DISTINCT balance FROM users ORDER BY balance;
SELECT DISTINCT score FROM users ORDER BY score DESC;
SELECT DISTINCT born FROM users ORDER BY born LIMIT 5;
SELECT DISTINCT NULL FROM users;
SELECT DISTINCT 1 FROM users;
SELECT DISTINCTROW active FROM users;
SELECT DISTINCT active FROM users WHERE FALSE;
SELECT DISTINCT * FROM sparse;
SELECT DISTINCT v FROM sparse;
SELECT DISTINCT category FROM products ORDER BY category;
SELECT COUNT(*) FROM users WHERE age > ?; -- bind 40
SELECT status, SUM(total) FROM orders WHERE total > ? GROUP BY status ORDER BY status; -- bind 50
SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id HAVING n > ? ORDER BY user_id; -- bind 2
SELECT age DIV ? AS d, COUNT(*) FROM users GROUP BY d ORDER BY d; -- bind 10
SELECT AVG(balance) FROM users WHERE city = ?; -- bind 'paris'
SELECT DISTINCT active FROM users WHERE age > ? ORDER BY active; -- bind 50
DELETE FROM sparse;
SELECT COUNT(*), SUM(v), MIN(v), AVG(v) FROM sparse;
SELECT v, COUNT(*) FROM sparse GROUP BY v;
SELECT DISTINCT v FROM sparse;
SELECT k, v FROM sparse ORDER BY v LIMIT 3;
