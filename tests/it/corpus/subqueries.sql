-- setup: shop.sql
-- Derived tables, subqueries, CTEs and UNION: those of one shard, and those that cross.

SELECT id FROM (SELECT id, name FROM users WHERE id = 5) t;
SELECT t.n FROM (SELECT COUNT(*) AS n FROM orders WHERE user_id = 3) t;
SELECT name FROM users WHERE id = 3 AND EXISTS (SELECT 1 FROM orders WHERE user_id = 3);
SELECT name, (SELECT COUNT(*) FROM orders o WHERE o.user_id = 3) AS n FROM users WHERE id = 3;
SELECT name, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) AS n FROM users u WHERE u.id = 3;
SELECT id FROM orders WHERE user_id = 3 AND total = (SELECT MAX(total) FROM orders WHERE user_id = 3);
SELECT id FROM orders WHERE user_id = 3 AND product_id IN (SELECT id FROM products WHERE category = 'home') ORDER BY id;
SELECT id FROM orders WHERE product_id IN (SELECT id FROM products WHERE category = 'home') ORDER BY id;
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM products p WHERE p.id = o.product_id AND p.price > 50) ORDER BY id;
SELECT id, (SELECT name FROM products p WHERE p.id = o.product_id) AS product FROM orders o ORDER BY id;
SELECT COUNT(*) FROM products WHERE price > (SELECT AVG(price) FROM products);
SELECT * FROM (SELECT category, MAX(price) AS top FROM products GROUP BY category) t WHERE top > 10 ORDER BY top;
SELECT id FROM products WHERE id = (SELECT MAX(id) FROM products);
SELECT who FROM audit_log WHERE id = (SELECT MAX(id) FROM audit_log);
SELECT 1 IN (SELECT id FROM products);
SELECT (SELECT 1), (SELECT MAX(id) FROM products);
SELECT EXISTS (SELECT 1 FROM users WHERE id = 5);
SELECT EXISTS (SELECT 1 FROM users WHERE id = 5000);
SELECT EXISTS (SELECT 1 FROM users WHERE name = 'Max'); -- may-refuse
SELECT (SELECT COUNT(*) FROM users); -- may-refuse
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE status = 'new') ORDER BY id; -- may-refuse
SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.total > 200) ORDER BY id; -- may-refuse
SELECT id FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id) ORDER BY id; -- may-refuse
SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders) ORDER BY id; -- may-refuse
SELECT id, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) AS n FROM users u ORDER BY n DESC, id LIMIT 5; -- may-refuse
SELECT id FROM users WHERE balance > (SELECT AVG(balance) FROM users) ORDER BY id; -- may-refuse
SELECT id FROM users WHERE age = (SELECT MAX(age) FROM users); -- may-refuse
SELECT id FROM users WHERE name IN (SELECT who FROM audit_log) ORDER BY id; -- may-refuse
SELECT id FROM orders WHERE user_id = (SELECT id FROM users WHERE name = 'Max'); -- may-refuse
SELECT id FROM orders WHERE total > ALL (SELECT price FROM products) ORDER BY id; -- may-refuse
SELECT id FROM orders WHERE product_id = ANY (SELECT id FROM products WHERE price < 5) ORDER BY id; -- may-refuse
SELECT COUNT(*) FROM (SELECT id FROM users) t; -- may-refuse
SELECT COUNT(*) FROM (SELECT DISTINCT status FROM orders) t; -- may-refuse
SELECT t.id FROM (SELECT id, name FROM users WHERE active) t ORDER BY t.name, t.id LIMIT 5; -- may-refuse
SELECT AVG(n) FROM (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id) t; -- may-refuse
SELECT t.status, t.n FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status) t WHERE t.n > 10 ORDER BY t.n, t.status; -- may-refuse
SELECT * FROM (SELECT id FROM users ORDER BY id LIMIT 3) t ORDER BY id; -- may-refuse
SELECT u.id, t.n FROM users u JOIN (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id) t ON t.user_id = u.id ORDER BY u.id; -- may-refuse
SELECT MAX(t.id) FROM (SELECT id FROM users WHERE id = 5) t;
WITH c AS (SELECT id, name FROM users WHERE id = 5) SELECT * FROM c; -- may-refuse
WITH c AS (SELECT status, COUNT(*) AS n FROM orders GROUP BY status) SELECT MAX(n) FROM c; -- may-refuse
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r; -- may-refuse
WITH c AS (SELECT id FROM products) SELECT COUNT(*) FROM c; -- may-refuse
SELECT 1 UNION SELECT 2;
SELECT 1 UNION ALL SELECT 1;
SELECT id FROM products WHERE id = 1 UNION SELECT id FROM products WHERE id = 2;
SELECT id FROM users WHERE id = 5 UNION ALL SELECT user_id FROM orders WHERE user_id = 5; -- may-refuse
SELECT id FROM users WHERE id = 5 UNION SELECT id FROM users WHERE id = 6; -- may-refuse
SELECT id FROM users UNION SELECT user_id FROM orders; -- may-refuse
SELECT id FROM users UNION ALL SELECT user_id FROM orders; -- may-refuse
SELECT id, name FROM users WHERE active UNION ALL SELECT id, name FROM users WHERE NOT active; -- may-refuse
(SELECT id FROM users WHERE id < 4) UNION (SELECT id FROM users WHERE id > 26) ORDER BY id DESC; -- may-refuse
SELECT id FROM users UNION SELECT id FROM products ORDER BY id LIMIT 5; -- may-refuse
SELECT name FROM products UNION SELECT who FROM audit_log; -- may-refuse
SELECT * FROM users WHERE id = (SELECT 5); -- may-refuse
SELECT id FROM users WHERE id = 3 AND id IN (SELECT user_id FROM orders WHERE user_id = 3);
SELECT id FROM users WHERE id = 3 AND name IN (SELECT name FROM users WHERE id = 4); -- may-refuse
SELECT id FROM orders WHERE user_id = 3 AND total < (SELECT MAX(total) FROM orders) ORDER BY id; -- may-refuse
SELECT (SELECT name FROM users WHERE id = o.user_id) FROM orders o WHERE o.user_id = 3; -- may-refuse
INSERT INTO sparse SELECT 1000, 1; -- may-refuse
INSERT INTO audit_log (who) SELECT name FROM products WHERE id < 3; -- may-refuse
UPDATE users SET active = 1 WHERE id IN (SELECT user_id FROM orders WHERE status = 'done');
DELETE FROM orders WHERE total > (SELECT AVG(price) FROM products); -- may-refuse
DELETE FROM orders WHERE user_id = 3 AND product_id IN (SELECT id FROM products WHERE category = 'tech'); -- may-refuse
SELECT COUNT(*) FROM orders;
