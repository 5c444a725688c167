-- DELETE in its three forms, and TRUNCATE.

-- == by the sharding key
DELETE FROM users WHERE id = 1;
DELETE FROM users WHERE id = 1;
DELETE FROM users WHERE id IN (2, 3, 4, 9999);
DELETE FROM users WHERE id BETWEEN 5 AND 6;
DELETE FROM users WHERE id = 7 OR id = 8;
DELETE FROM users WHERE id = 9 AND id = 10;
DELETE FROM users WHERE id = NULL;
DELETE FROM orders WHERE user_id = 5 AND status = 'paid';
DELETE FROM orders WHERE user_id IN (1, 12);
DELETE FROM accounts WHERE user_id = 1 AND nr = 2;
DELETE FROM visits WHERE user_id = 1;
DELETE FROM codes WHERE code = 'alpha';
DELETE FROM codes WHERE code IN ('beta', 'gamma', 'nothing');
DELETE FROM tickets WHERE ticket > 3 AND ticket < 6;

-- == over all shards
DELETE FROM orders WHERE status = 'new';
DELETE FROM orders WHERE id IN (102, 103, 107);
DELETE FROM users WHERE name LIKE 'A%' OR city = 'Rome';
DELETE FROM users WHERE age IS NULL;
DELETE FROM users WHERE age = 200;
DELETE FROM visits WHERE page IS NULL;
DELETE FROM visits;
DELETE FROM visits;
DELETE FROM kinds WHERE fixed = '';
DELETE FROM kinds WHERE doc IS NULL OR tiny < 0;
DELETE FROM kinds;
DELETE FROM users WHERE TRUE;
DELETE FROM orders WHERE 0;

-- == modifiers and aliases
DELETE LOW_PRIORITY FROM users WHERE id = 1;
DELETE QUICK FROM users WHERE id = 2;
DELETE LOW_PRIORITY QUICK IGNORE FROM users WHERE id = 3;
DELETE IGNORE FROM users WHERE city = 'Oslo';
DELETE IGNORE FROM parents WHERE id IN (1, 2, 4);
DELETE FROM users u WHERE u.id = 4; -- mysql
DELETE FROM users AS u WHERE u.id = 6; -- mysql
DELETE FROM users WHERE users.id = 7;

-- == ORDER BY and LIMIT
DELETE FROM users WHERE id = 1 ORDER BY id LIMIT 1;
DELETE FROM orders WHERE user_id = 5 ORDER BY id DESC LIMIT 2;
DELETE FROM orders WHERE user_id = 5 LIMIT 0;
DELETE FROM visits WHERE user_id = 1 LIMIT 1;
DELETE FROM users ORDER BY id LIMIT 2;
DELETE FROM users ORDER BY name DESC, id LIMIT 3;
DELETE FROM users WHERE age < 50 ORDER BY age DESC, id LIMIT 2;
DELETE FROM users WHERE id IN (1, 2, 3, 4, 5) ORDER BY id LIMIT 3;
DELETE FROM users WHERE age = 200 ORDER BY id LIMIT 3;
DELETE FROM orders ORDER BY total, id LIMIT 4;
DELETE FROM orders ORDER BY status DESC, total DESC, id LIMIT 4;
DELETE FROM codes ORDER BY code LIMIT 100;
DELETE FROM visits ORDER BY n, page LIMIT 1; -- refused: ORDER BY and LIMIT over several shards
DELETE FROM tickets ORDER BY ticket;
DELETE FROM tickets WHERE points > 3 LIMIT 100;
DELETE FROM products ORDER BY id DESC LIMIT 1;
DELETE FROM audit ORDER BY id LIMIT 1;
DELETE FROM notes WHERE user_id = 3 ORDER BY id DESC LIMIT 1;

-- == subqueries
DELETE FROM users WHERE id IN (SELECT user_id FROM orders WHERE total > 60);
DELETE FROM users WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = users.id);
DELETE FROM orders WHERE user_id NOT IN (SELECT id FROM users);
DELETE FROM orders WHERE product_id = (SELECT id FROM products WHERE name = 'Mug');
DELETE FROM orders WHERE product_id IN (SELECT id FROM products WHERE price > 5) AND user_id = 5;
DELETE FROM users WHERE id IN (SELECT user_id FROM tickets WHERE points < 5);
DELETE FROM tickets WHERE user_id NOT IN (SELECT id FROM users);
DELETE FROM tickets WHERE points > (SELECT AVG(age) FROM users);
DELETE FROM products WHERE id NOT IN (SELECT product_id FROM orders);
DELETE FROM audit WHERE id IN (SELECT id FROM products);
DELETE FROM audit WHERE id IN (SELECT id FROM users);
DELETE FROM users WHERE id = (SELECT MAX(id) FROM (SELECT id FROM users) x);
DELETE FROM users WHERE id IN (SELECT id FROM users WHERE age > 5); -- any-warnings

-- == several tables, sharded alike
DELETE o FROM orders o JOIN users u ON o.user_id = u.id WHERE u.id = 5;
DELETE o, u FROM orders o JOIN users u ON o.user_id = u.id WHERE u.city = 'Rome';
DELETE FROM o USING orders o JOIN users u ON o.user_id = u.id WHERE u.age > 50;
DELETE FROM orders, users USING orders JOIN users ON orders.user_id = users.id WHERE users.id = 2;
DELETE orders FROM orders LEFT JOIN users ON orders.user_id = users.id WHERE users.id IS NULL;
DELETE u.* FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.id IS NULL;
DELETE u, o, a FROM users u JOIN orders o ON o.user_id = u.id JOIN accounts a ON a.user_id = u.id WHERE a.label = 'main';
DELETE a FROM accounts a, users u WHERE a.user_id = u.id AND u.name < 'F';
DELETE c FROM children c JOIN parents p ON p.id = c.parent_id WHERE p.name LIKE 'p%' AND c.nr = 1;
DELETE o FROM orders o JOIN users u ON o.user_id = u.id WHERE u.id = 5000;
DELETE IGNORE o FROM orders o JOIN users u ON o.user_id = u.id;
DELETE x FROM orders o JOIN users u ON o.user_id = u.id;
DELETE orders FROM orders o JOIN users u ON o.user_id = u.id;

-- == several tables, others
DELETE o FROM orders o JOIN products p ON p.id = o.product_id WHERE p.price < 5;
DELETE o FROM orders o JOIN products p ON p.id = o.product_id WHERE p.name = 'Desk' AND o.user_id = 11;
DELETE u FROM users u JOIN tickets t ON t.user_id = u.id;
DELETE t FROM tickets t JOIN users u ON t.user_id = u.id WHERE u.city = 'Rome';
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id;
DELETE t FROM tickets t LEFT JOIN users u ON t.user_id = u.id WHERE u.id IS NULL;
DELETE p FROM products p JOIN orders o ON o.product_id = p.id;
DELETE p FROM products p LEFT JOIN orders o ON o.product_id = p.id WHERE o.id IS NULL;
DELETE p FROM products p JOIN rates r ON r.cur = 'EUR' AND p.price = r.rate + 0.2;
DELETE a FROM audit a JOIN products p ON p.id = a.id WHERE p.stock > 10;
DELETE a FROM audit a JOIN users u ON u.id = a.id;
DELETE u FROM users u JOIN audit a ON u.id = a.id;
DELETE a, n FROM audit a JOIN notes n ON n.id = a.id;
DELETE u FROM users u JOIN users v ON v.id = u.id + 1;

-- == RETURNING
DELETE FROM users WHERE id = 1 RETURNING id, name; -- mariadb
DELETE FROM users WHERE id = 1 RETURNING id, name; -- mariadb
DELETE FROM orders WHERE user_id = 5 ORDER BY id LIMIT 2 RETURNING id, UPPER(status) AS s; -- mariadb
DELETE FROM users WHERE id IN (2, 3, 4, 5) RETURNING id, name, city; -- mariadb
DELETE FROM users RETURNING *; -- mariadb
DELETE FROM orders WHERE status = 'paid' RETURNING id, total * 2; -- mariadb
DELETE FROM products WHERE price > 10 RETURNING name; -- mariadb
DELETE FROM audit RETURNING id; -- mariadb
DELETE FROM users WHERE id = 1 RETURNING id; -- mysql

-- == reference and single tables
DELETE FROM products WHERE id IN (1, 2, 99);
DELETE FROM products WHERE name = 'lamp';
DELETE FROM products;
DELETE FROM rates WHERE rate IS NULL OR rate > 100;
DELETE FROM audit WHERE who = 'ann';
DELETE FROM audit;
DELETE FROM notes WHERE user_id IS NULL;

-- == foreign keys
DELETE FROM parents WHERE id = 4;
DELETE FROM parents WHERE id = 1;
DELETE FROM parents;
DELETE FROM parents WHERE id IN (5, 7, 8, 6);
DELETE FROM children WHERE parent_id = 1;
DELETE FROM parents WHERE id = 1;
DELETE c, p FROM children c JOIN parents p ON p.id = c.parent_id WHERE p.id = 2; -- any-warnings

-- == TRUNCATE | as it stands
TRUNCATE TABLE visits;
TRUNCATE orders;
TRUNCATE TABLE products;
TRUNCATE TABLE audit;
INSERT INTO audit (who) VALUES ('first again');
SELECT LAST_INSERT_ID();
TRUNCATE TABLE parents;
TRUNCATE TABLE nothing;
BEGIN;
INSERT INTO tickets (ticket) VALUES (50);
TRUNCATE TABLE codes;
ROLLBACK;
INSERT INTO orders (user_id) VALUES (1), (2);
