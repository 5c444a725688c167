-- UPDATE of rows where they are: no sharding key changes here.

-- == by the sharding key
UPDATE users SET name = 'changed' WHERE id = 1;
UPDATE users SET name = 'changed' WHERE id = 1;
UPDATE users SET name = 'nobody' WHERE id = 5000;
UPDATE users SET name = 'never' WHERE id = 1 AND id = 2;
UPDATE users SET name = 'null' WHERE id = NULL;
UPDATE users u SET u.age = 33 WHERE u.id = 2;
UPDATE users AS u SET age = 34, u.city = 'Bonn' WHERE u.id = 2;
UPDATE users SET users.age = 35 WHERE users.id = 2;
UPDATE LOW_PRIORITY users SET name = 'low' WHERE id = 3;
UPDATE users SET age = 40, city = 'Bonn' WHERE id IN (3, 4, 5);
UPDATE users SET age = 40, city = 'Bonn' WHERE id IN (3, 4, 5, 6, 9999);
UPDATE users SET balance = balance + 10 WHERE id BETWEEN 2 AND 9;
UPDATE users SET balance = 1 WHERE id = 1 OR id = 7;
UPDATE users SET age = 1 WHERE (id, name) IN ((7, 'Gus'), (8, 'nobody'));
UPDATE orders SET status = 'sent', note = CONCAT('was ', status) WHERE user_id = 5;
UPDATE orders SET total = IFNULL(total, 0) * 1.1 WHERE user_id IN (3, 8);
UPDATE accounts SET amount = amount + 1 WHERE user_id = 1 AND nr = 2;
UPDATE visits SET n = n + 1 WHERE user_id = 1;
UPDATE codes SET v = v + 1 WHERE code = 'alpha';
UPDATE codes SET v = 0 WHERE code IN ('beta', 'gamma', 'nothing');
UPDATE tickets SET points = points * 2 WHERE ticket <= 4;

-- == over all shards
UPDATE users SET city = 'Everywhere';
UPDATE users SET city = 'Everywhere';
UPDATE users SET city = IF(id % 2, 'Odd', city);
UPDATE users SET balance = balance;
UPDATE users SET age = age + 1 WHERE age < 60;
UPDATE users SET name = UPPER(name) WHERE city LIKE 'Ev%';
UPDATE users SET email = NULL WHERE email IS NOT NULL;
UPDATE users SET age = NULL, city = DEFAULT, balance = DEFAULT(balance) WHERE name > 'F';
UPDATE orders SET note = status WHERE status = 'new' AND total IS NOT NULL;
UPDATE orders SET status = status + 1 WHERE status < 3;
UPDATE visits SET page = 'p', n = NULL;
UPDATE accounts SET label = NULL;
UPDATE kinds SET tiny = NULL WHERE tiny IS NULL;
UPDATE users SET age = 1, age = age + 1 WHERE id = 1;
UPDATE users SET age = balance, balance = age WHERE age IS NOT NULL AND balance BETWEEN 0 AND 255;

-- == other places than by key
UPDATE orders SET note = 'by id' WHERE id = 101;
UPDATE orders SET note = 'by ids' WHERE id IN (102, 103, 104, 105);
UPDATE users SET city = 'By name' WHERE name = 'ann';
UPDATE users SET city = 'By name' WHERE name = 'ANN ';
UPDATE users SET city = 'None' WHERE name = 'nobody at all';
UPDATE tickets SET points = 0 WHERE user_id = 3;
UPDATE codes SET v = 5 WHERE v IS NULL;
UPDATE codes SET v = 6 WHERE v IN (5, 6);

-- == types keep their values
UPDATE kinds SET tiny = 1, big = 1, exact = 0.00005 WHERE k = 1;
UPDATE kinds SET tiny = tiny + 0, big = big, exact = exact / 3, f = f * 1, d = d / 3 WHERE k IN (1, 4, 5);
UPDATE kinds SET f = 1.1, d = 1.1 WHERE k = 3;
UPDATE kinds SET f = f, d = d WHERE k = 3;
UPDATE kinds SET bits = bits | 2 WHERE k < 5;
UPDATE kinds SET day = '2024-02-29', moment = '2024-02-29 00:00:00.0005', clock = '1:2:3', y = '99' WHERE k > 2;
UPDATE kinds SET day = DATE_ADD(day, INTERVAL 1 YEAR), moment = moment + INTERVAL 1 SECOND WHERE k > 2;
UPDATE kinds SET fixed = 'ab  ', latin = 'Ä', long_text = CONCAT(IFNULL(long_text, ''), '😀');
UPDATE kinds SET fixed = 'AB' WHERE fixed = 'ab';
UPDATE kinds SET fixed = 'ab' WHERE fixed = 'AB ';
UPDATE kinds SET bytes = 'z', blob_ = CONCAT(blob_, x'00FF') WHERE k <> 3;
UPDATE kinds SET one = 'c', some = 'y,x' WHERE k = 2;
UPDATE kinds SET one = one + 0, some = some | 4 WHERE k = 2; -- any-warnings
UPDATE kinds SET doc = JSON_SET(doc, '$.b', 5) WHERE k = 1;
UPDATE kinds SET doc = '{"a": 1, "b": 5}' WHERE k = 1;
UPDATE kinds SET doc = NULL WHERE k = 2;

-- == generated columns and ON UPDATE CURRENT_TIMESTAMP
SET timestamp = 1700000000;
UPDATE stamped SET v = 11 WHERE user_id = 1;
UPDATE stamped SET v = 11 WHERE user_id = 1;
UPDATE stamped SET v = v + 1;
UPDATE stamped SET v = v, seen = seen;
UPDATE stamped SET seen = '2020-02-02' WHERE user_id IN (1, 2, 3);
UPDATE stamped SET made = NOW() WHERE v IS NULL;
UPDATE stamped SET seen = DEFAULT WHERE user_id = 5;
UPDATE stamped SET v = 0 WHERE twice > 50;
UPDATE stamped SET v = twice WHERE next = 12;
UPDATE stamped SET twice = 5 WHERE user_id = 1;
UPDATE stamped SET twice = DEFAULT WHERE user_id = 1;
UPDATE stamped SET v = NULL;
INSERT INTO stamped (user_id, nr, v) VALUES (8, 1, 1), (9, 1, 2), (10, 1, 3);
SET timestamp = DEFAULT;

-- == the sharding key is set to what it is
UPDATE users SET id = 1 WHERE id = 1;
UPDATE users SET id = 1, name = 'with key' WHERE id = 1;
UPDATE orders SET user_id = 5, note = 'same' WHERE user_id = 5;
UPDATE orders SET user_id = 5, note = 'same' WHERE user_id = 5 AND id = 106;
UPDATE users SET id = id WHERE id = 2;
UPDATE users SET id = id, age = 9;

-- == ORDER BY and LIMIT
UPDATE users SET name = 'one shard' WHERE id = 1 ORDER BY id LIMIT 1;
UPDATE orders SET note = 'two of one' WHERE user_id = 5 ORDER BY id DESC LIMIT 2;
UPDATE orders SET note = 'none' WHERE user_id = 5 LIMIT 0;
UPDATE users SET name = 'first' ORDER BY id LIMIT 1;
UPDATE users SET name = 'last' ORDER BY id DESC LIMIT 3;
UPDATE users SET city = 'x' WHERE age IS NOT NULL ORDER BY age DESC, id LIMIT 4;
UPDATE users SET age = 5 ORDER BY name, id LIMIT 100;
UPDATE users SET age = 5 WHERE id IN (1, 2, 3, 4) ORDER BY id LIMIT 2;
UPDATE users SET balance = balance + 1 ORDER BY id;
UPDATE orders SET note = 'cheap' ORDER BY total, id LIMIT 5;
UPDATE orders SET status = 'sent' WHERE status = 'new' ORDER BY total DESC, id LIMIT 3;
UPDATE codes SET v = 1 ORDER BY code LIMIT 2;
UPDATE users SET name = 'nobody' WHERE age = 200 ORDER BY id LIMIT 3;
UPDATE users SET name = 'unchanged' WHERE id = 1 LIMIT 1;
UPDATE users SET name = 'unchanged' ORDER BY name = 'unchanged' DESC, id LIMIT 2;
UPDATE products SET stock = stock + 1 ORDER BY id LIMIT 2;
UPDATE products SET stock = stock + 1 ORDER BY price DESC, id LIMIT 2;
UPDATE audit SET what = 'first' ORDER BY id LIMIT 1;
UPDATE audit SET what = 'some' WHERE who = 'ann' ORDER BY id DESC LIMIT 1;

-- == subqueries
UPDATE users SET city = (SELECT name FROM products WHERE id = 2) WHERE id = 1;
UPDATE users SET age = (SELECT MAX(stock) FROM products);
UPDATE users SET balance = (SELECT COALESCE(SUM(total), 0) FROM orders WHERE orders.user_id = users.id);
UPDATE users SET city = 'Buyer' WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = users.id AND o.total > 20);
UPDATE users SET city = 'Buyer' WHERE id IN (SELECT user_id FROM orders WHERE status = 'paid');
UPDATE orders SET note = (SELECT name FROM users u WHERE u.id = orders.user_id) WHERE note IS NULL;
UPDATE orders SET note = 'rich' WHERE user_id IN (SELECT id FROM users WHERE balance >= 20);
UPDATE users SET age = 7 WHERE id IN (SELECT user_id FROM tickets WHERE points > 2);
UPDATE users SET age = (SELECT MAX(points) FROM tickets);
UPDATE users SET age = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = users.id);
UPDATE tickets SET points = (SELECT COUNT(*) FROM users);
UPDATE tickets SET title = 'known' WHERE user_id IN (SELECT id FROM users);
UPDATE users SET city = (SELECT what FROM audit WHERE id = 1);
UPDATE products SET stock = (SELECT COUNT(*) FROM orders WHERE product_id = products.id);
UPDATE products SET stock = stock + 1 WHERE name IN (SELECT cur FROM rates) OR id = 1;
UPDATE audit SET what = (SELECT COUNT(*) FROM users) WHERE id = 2;
UPDATE users SET age = (SELECT age FROM users WHERE id = 1) WHERE id = 2;
UPDATE users SET age = (SELECT stock FROM products) WHERE id = 2;
UPDATE users SET age = (SELECT nothing FROM products LIMIT 1) WHERE id = 2;

-- == several tables, sharded alike
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.city = 'joined', o.note = 'joined' WHERE u.id = 5;
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.city = 'J', o.note = 'J';
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.balance = u.balance + 1 WHERE o.status = 'paid';
UPDATE users u, orders o SET o.total = u.age WHERE u.id = o.user_id AND u.age < 50;
UPDATE users u LEFT JOIN orders o ON o.user_id = u.id SET u.age = 99 WHERE o.id IS NULL;
UPDATE orders o LEFT JOIN users u ON o.user_id = u.id SET o.note = 'orphan' WHERE u.id IS NULL;
UPDATE users u JOIN accounts a ON a.user_id = u.id SET a.amount = a.amount + 1, u.balance = a.amount WHERE a.nr = 1;
UPDATE users u INNER JOIN orders o ON u.id = o.user_id INNER JOIN accounts a ON a.user_id = u.id SET o.note = a.label WHERE a.label = 'main';
UPDATE users JOIN orders ON orders.user_id = users.id SET users.city = 'unaliased' WHERE orders.total >= 50;
UPDATE users u JOIN (SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id) c ON c.user_id = u.id SET u.age = c.n;
UPDATE users u JOIN users v ON v.id = u.id SET u.city = v.name WHERE u.age IS NULL;
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.city = 'none' WHERE u.id = 5000;
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.city = NULL WHERE u.city IS NULL;
UPDATE parents p JOIN children c ON c.parent_id = p.id SET p.name = c.name, c.name = p.name;
UPDATE users u JOIN orders o USING (id) SET u.city = 'by id';

-- == several tables, others
UPDATE users u JOIN products p ON p.id = u.id SET u.city = p.name;
UPDATE orders o JOIN products p ON p.id = o.product_id SET o.total = p.price * 2;
UPDATE orders o JOIN products p ON p.id = o.product_id SET o.total = p.price * 2, o.note = p.name WHERE o.user_id = 1;
UPDATE products p JOIN rates r ON r.cur = 'USD' SET p.price = p.price * r.rate;
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.stock = 0;
UPDATE products p JOIN orders o ON o.product_id = p.id AND o.user_id = 5 SET p.stock = 0, o.note = 'x';
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.city = t.title;
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.stock = p.stock + 10, p.price = 2.50 WHERE o.user_id = 5 AND p.id > 1;
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(p.name, '!') WHERE o.status = 'paid' AND o.total >= 20;
UPDATE products p JOIN users u ON u.id = p.id SET p.name = u.name, p.stock = 7 WHERE u.city = 'Rome' OR u.age > 40;
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind 5, 5, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind 5u, 5u, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind -5, -5, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind 1.5, 1.5, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind 7.25, 7.25, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind 2.5d, 2.5d, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind '6', '6', 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind b'6', b'6', 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind DATE 2024-02-03, DATE 2024-02-03, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind TIME 01:02:03, TIME 01:02:03, 5
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(?, '/', ? + 1) WHERE o.user_id = ? AND p.id = 2; -- bind NULL, NULL, 5
UPDATE products p JOIN nothing u ON u.id = p.id SET p.stock = 7;
UPDATE products p JOIN users u ON u.id = p.id SET p.unknown = 7;
UPDATE products p JOIN users u ON u.id = p.id SET p.stock = 7 WHERE u.unknown = 1;
UPDATE tickets t JOIN users u ON u.id = t.user_id SET t.title = u.name;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = 1, t.points = 1;
UPDATE users u JOIN audit a ON a.id = u.id SET u.city = a.who;
UPDATE audit a JOIN users u ON u.id = a.id SET a.who = u.name;
UPDATE audit a JOIN products p ON p.id = a.id SET a.what = p.name;
UPDATE notes n JOIN products p ON p.id = n.id SET n.body = p.name;
UPDATE audit a JOIN notes n ON n.id = a.id SET a.what = n.body;
UPDATE users u JOIN users v ON v.id = u.age SET u.city = v.name;
UPDATE users u JOIN users v ON v.id = 1 SET u.city = v.name WHERE u.id = 2;

-- == reference and single tables
UPDATE products SET price = price * 2;
UPDATE products SET price = price * 2 WHERE id IN (1, 2, 99);
UPDATE products SET stock = 5 WHERE stock = 5;
UPDATE products SET id = id + 100 ORDER BY id DESC;
UPDATE products SET name = 'Pen' WHERE id = 2 OR id = 102;
UPDATE products SET stock = stock - 1;
UPDATE rates SET rate = NULL;
UPDATE rates SET cur = 'GBP', rate = 2 WHERE cur = 'xxx';
UPDATE audit SET what = 'x', who = what;
UPDATE audit SET id = id + 100 WHERE id = 1;
UPDATE notes SET body = CONCAT(body, '!') WHERE user_id = 3;

-- == IGNORE
UPDATE IGNORE users SET age = 300 WHERE id = 1;
UPDATE IGNORE users SET age = age - 100;
UPDATE IGNORE users SET name = NULL WHERE id IN (1, 2, 3, 4);
UPDATE IGNORE accounts SET nr = 1;
UPDATE IGNORE accounts SET amount = amount - 101 WHERE user_id < 5;
UPDATE IGNORE children SET nr = 1;
UPDATE IGNORE products SET name = 'Same';
UPDATE IGNORE orders SET status = 'lost' WHERE user_id IN (1, 2, 5);
UPDATE IGNORE codes SET v = 'text';
