-- setup: shop.sql
-- Joins on the sharding key stay on their shards; reference tables are everywhere.

SELECT u.name, o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 3;
SELECT u.name, o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE o.user_id = 3 ORDER BY o.id;
SELECT u.name, o.id FROM users u JOIN orders o ON u.id = o.user_id WHERE u.id IN (3, 8) ORDER BY o.id;
SELECT u.id, o.id FROM users u INNER JOIN orders o ON o.user_id = u.id;
SELECT u.id, o.id AS order_id FROM users u JOIN orders o ON o.user_id = u.id ORDER BY u.name, o.id;
SELECT u.id, o.id FROM users u, orders o WHERE u.id = o.user_id;
SELECT u.id, o.id FROM users u CROSS JOIN orders o WHERE u.id = o.user_id AND u.active;
SELECT users.name, orders.status FROM users JOIN orders ON orders.user_id = users.id ORDER BY orders.id;
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id;
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.id IS NULL ORDER BY u.id;
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.status = 'new' ORDER BY u.id, o.id;
SELECT u.id, o.id FROM orders o RIGHT JOIN users u ON o.user_id = u.id ORDER BY u.id, o.id;
SELECT u.id, o.id FROM users u LEFT OUTER JOIN orders o ON o.user_id = u.id WHERE u.id = 28;
SELECT u.name, COUNT(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id, u.name ORDER BY u.id;
SELECT u.active, COUNT(*) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.active;
SELECT u.active, SUM(o.total), AVG(o.total) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.active ORDER BY u.active;
SELECT COUNT(*) FROM users u JOIN orders o ON o.user_id = u.id;
SELECT COUNT(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 100 AND u.age > 30;
SELECT MAX(o.total), MIN(u.age) FROM users u JOIN orders o ON o.user_id = u.id;
SELECT o.id, i.id, i.quantity FROM orders o JOIN order_items i ON i.order_id = o.id AND i.user_id = o.user_id ORDER BY i.id;
SELECT o.id, i.id FROM orders o JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.id WHERE o.user_id = 3 ORDER BY i.id;
SELECT o.id, i.id FROM orders o JOIN order_items i USING (user_id) WHERE i.order_id = o.id ORDER BY i.id;
SELECT user_id, COUNT(*) FROM orders JOIN order_items USING (user_id) GROUP BY user_id ORDER BY user_id;
SELECT u.name, o.id, i.id FROM users u JOIN orders o ON o.user_id = u.id JOIN order_items i ON i.order_id = o.id AND i.user_id = u.id ORDER BY i.id;
SELECT u.name, o.id, i.id FROM users u JOIN orders o ON o.user_id = u.id JOIN order_items i ON i.order_id = o.id AND i.user_id = u.id WHERE u.id = 3 ORDER BY i.id;
SELECT u.name, o.id, i.id FROM users u LEFT JOIN orders o ON o.user_id = u.id LEFT JOIN order_items i ON i.order_id = o.id AND i.user_id = o.user_id ORDER BY u.id, o.id, i.id LIMIT 20;
SELECT o.id, p.name FROM orders o JOIN products p ON p.id = o.product_id ORDER BY o.id;
SELECT o.id, p.name FROM orders o JOIN products p ON p.id = o.product_id WHERE o.user_id = 3 ORDER BY o.id;
SELECT o.id, p.name FROM products p JOIN orders o ON p.id = o.product_id WHERE p.category = 'tech' ORDER BY p.name, o.id;
SELECT o.id, p.name FROM orders o LEFT JOIN products p ON p.id = o.product_id AND p.price > 50 ORDER BY o.id;
SELECT p.category, COUNT(*), SUM(o.total) FROM orders o JOIN products p ON p.id = o.product_id GROUP BY p.category ORDER BY p.category;
SELECT p.name, SUM(i.quantity) AS sold FROM order_items i JOIN products p ON p.id = i.product_id GROUP BY p.id, p.name ORDER BY sold DESC, p.name LIMIT 3;
SELECT u.name, p.name, o.id FROM users u JOIN orders o ON o.user_id = u.id JOIN products p ON p.id = o.product_id WHERE p.id = 6 ORDER BY o.id;
SELECT u.name, p.name FROM users u, orders o, products p WHERE u.id = o.user_id AND p.id = o.product_id AND u.id = 8 ORDER BY o.id;
SELECT u.*, o.* FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 3 ORDER BY o.id;
SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE o.id = 106;
SELECT o.*, p.* FROM orders o JOIN products p ON p.id = o.product_id ORDER BY o.id LIMIT 3;
SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id AND u.id = 3 ORDER BY o.id;
SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 3 AND o.user_id = 4;
SELECT u.id, o.id FROM users u JOIN orders o ON o.user_id = u.id AND o.total > u.balance ORDER BY o.id;
SELECT u.id, o.id FROM users u STRAIGHT_JOIN orders o ON o.user_id = u.id WHERE u.id = 3 ORDER BY o.id;
SELECT a.id, b.id FROM orders a JOIN orders b ON a.user_id = b.user_id AND a.id < b.id ORDER BY a.id, b.id;
SELECT a.id, b.id FROM users a JOIN users b ON a.id = b.id WHERE a.name = 'bob' ORDER BY a.id;
SELECT DISTINCT u.id FROM users u JOIN orders o ON o.user_id = u.id ORDER BY u.id;
SELECT DISTINCT p.category FROM orders o JOIN products p ON p.id = o.product_id ORDER BY p.category;
SELECT u.id, u.name FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.id, u.name HAVING COUNT(*) > 2 ORDER BY u.id;
SELECT u.id, MAX(o.placed) AS last_order FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY last_order DESC, u.id LIMIT 5;
SELECT p.name FROM products p LEFT JOIN products q ON q.id = p.id + 1 WHERE q.id IS NULL;
SELECT a.id, p.name FROM audit_log a JOIN products p ON p.id = a.id ORDER BY a.id;
SELECT o.id, q.category FROM orders o NATURAL JOIN (SELECT 1 AS one) x JOIN products q ON q.id = o.product_id WHERE o.user_id = 3 ORDER BY o.id; -- may-refuse
-- A reference table on the outer side would repeat its unmatched rows on every shard.
SELECT p.id, o.id FROM products p LEFT JOIN orders o ON o.product_id = p.id; -- may-refuse
SELECT p.id, COUNT(o.id) FROM products p LEFT JOIN orders o ON o.product_id = p.id GROUP BY p.id ORDER BY p.id; -- may-refuse
SELECT p.name, o.id FROM orders o RIGHT JOIN products p ON p.id = o.product_id ORDER BY p.id, o.id; -- may-refuse
-- Joins that cross shards.
SELECT u.id, o.id FROM users u JOIN orders o ON o.id = u.id + 100; -- may-refuse
SELECT a.id, b.id FROM users a JOIN users b ON a.name = b.name AND a.id < b.id; -- may-refuse
SELECT COUNT(*) FROM users a JOIN users b; -- may-refuse
SELECT COUNT(*) FROM users, orders; -- may-refuse
SELECT o.id, i.id FROM orders o JOIN order_items i ON i.order_id = o.id ORDER BY i.id; -- may-refuse
SELECT u.id, a.what FROM users u JOIN audit_log a ON a.who = u.name; -- may-refuse
SELECT u.id, s.v FROM users u JOIN sparse s ON s.k = u.id; -- may-refuse
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.product_id = u.id ORDER BY u.id, o.id; -- may-refuse
SELECT u.id, o.id FROM users u JOIN orders o ON o.user_id <= u.id AND u.id <= o.user_id; -- may-refuse
SELECT u.id, o.id FROM users u JOIN orders o ON o.user_id = u.id OR o.id = 101; -- may-refuse
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.id = 101 WHERE o.user_id = u.id; -- may-refuse
SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = ? ORDER BY o.id; -- bind 3
SELECT u.id, o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > ? ORDER BY o.id LIMIT ?; -- bind 100, 5
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.status = ? WHERE u.id IN (?, ?) ORDER BY u.id, o.id; -- bind 'new', 3, 28
SELECT p.name, COUNT(*) FROM orders o JOIN products p ON p.id = o.product_id WHERE p.price > ? GROUP BY p.name ORDER BY p.name; -- bind 10
