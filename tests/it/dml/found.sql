-- UPDATE and DELETE whose rows no shard finds alone: tables sharded by different keys that change together, correlated
-- subqueries over other shards, joins of a table with itself.

-- == two tables change that are sharded by different keys
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = 1, t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = 1, t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.city = 'Both', t.title = u.name WHERE u.age < 60;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.balance = u.balance + 1, t.points = t.points * 2 WHERE t.points > 1;
UPDATE users u, tickets t SET u.email = NULL, t.title = UPPER(t.title) WHERE t.user_id = u.id AND t.ticket < 4;
UPDATE tickets t JOIN users u ON t.user_id = u.id SET t.title = CONCAT(u.name, '/', t.ticket), u.balance = 5 WHERE u.id IN (3, 5);
UPDATE users u LEFT JOIN tickets t ON t.user_id = u.id SET u.city = 'Left', t.title = 'Left';
UPDATE tickets t LEFT JOIN users u ON t.user_id = u.id SET t.points = 0, u.age = 2;
UPDATE tickets t RIGHT JOIN users u ON t.user_id = u.id SET t.points = 3, u.age = 3 WHERE t.ticket IS NULL;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = NULL, t.title = NULL WHERE u.id = 5000;
UPDATE users JOIN tickets ON tickets.user_id = users.id SET city = 'Plain', points = 9;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = DEFAULT, t.points = DEFAULT(t.points);
UPDATE users u JOIN orders o ON o.user_id = u.id JOIN tickets t ON t.user_id = u.id SET u.city = 'three', o.note = 'three', t.title = 'three';
UPDATE users u JOIN orders o ON o.user_id = u.id JOIN tickets t ON t.ticket = o.product_id SET o.note = t.title, t.points = 100 WHERE u.id = 5 AND o.total = 60;
UPDATE users u JOIN kinds k ON k.k = u.id SET u.age = k.tiny, k.tiny = 5 WHERE k.k IN (1, 4, 5);
UPDATE users u JOIN codes c ON c.v = u.id SET u.city = c.code, c.v = c.v + 10;
UPDATE users u STRAIGHT_JOIN tickets t SET u.age = 4, t.points = 4 WHERE t.user_id = u.id;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = u.age, t.points = t.points;
UPDATE LOW_PRIORITY users u JOIN tickets t ON t.user_id = u.id SET u.age = 6, t.points = 6 WHERE u.name > 'B';

-- == with reference and single tables
UPDATE products p JOIN orders o ON o.product_id = p.id AND o.user_id = 5 SET p.stock = 0, o.note = 'x';
UPDATE products p JOIN orders o ON o.product_id = p.id SET p.stock = p.stock + 1, o.note = p.name WHERE o.status = 'new';
UPDATE products p LEFT JOIN orders o ON o.product_id = p.id SET p.name = CONCAT(p.name, '*'), o.total = 1 WHERE p.price > 1;
UPDATE products p JOIN tickets t ON t.ticket = p.id JOIN users u ON u.id = t.user_id SET p.stock = 77, t.points = 7, u.age = 7;
UPDATE audit a JOIN users u ON u.id = a.id SET a.what = u.name, u.city = a.who;
UPDATE audit a JOIN notes n ON n.id = a.id SET a.what = n.body, n.body = 'noted';
UPDATE audit a JOIN notes n ON n.id = a.id JOIN tickets t ON t.ticket = n.id SET a.who = t.title, n.body = t.title, t.title = 'gone';
UPDATE users u JOIN audit a ON a.id = u.id JOIN products p ON p.id = u.id SET u.city = p.name, a.what = p.name, p.stock = 3;
UPDATE notes n JOIN users u ON u.id = n.user_id SET n.body = CONCAT(n.body, u.name), u.age = n.id;
UPDATE rates r JOIN audit a ON a.id = 1 JOIN notes n ON n.id = 1 SET a.what = r.cur, n.body = 'n' WHERE r.rate = 1;

-- == a table joined with itself
UPDATE users u JOIN users v ON v.id = u.age SET u.city = v.name;
UPDATE users u JOIN users v ON v.id = 1 SET u.city = v.name WHERE u.id = 2;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.city = v.name;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.balance = v.balance, u.age = v.age WHERE v.city = 'Rome';
UPDATE users u LEFT JOIN users v ON v.id = u.id + 1 SET u.email = v.name;
UPDATE users u JOIN users v ON v.id = u.id + 6 SET u.age = 8, v.age = 9 WHERE u.id <= 6;
UPDATE tickets t JOIN tickets s ON s.ticket = t.ticket * 2 SET t.title = s.title;
UPDATE codes c JOIN codes d ON d.v = c.v + 1 SET c.v = d.v * 10;
UPDATE users u JOIN orders o USING (id) SET u.city = 'by id';
UPDATE orders o JOIN orders p ON p.id = o.id + 1 SET o.note = p.status;
UPDATE users u JOIN (SELECT MAX(id) AS top FROM users) m ON u.id < m.top SET u.age = m.top;
UPDATE users u JOIN (SELECT city, COUNT(*) AS n FROM users GROUP BY city) c ON c.city = u.city SET u.age = c.n;
UPDATE users u JOIN (SELECT user_id, SUM(points) AS n FROM tickets GROUP BY user_id) c ON c.user_id = u.id SET u.balance = c.n;
UPDATE users u JOIN (SELECT user_id, MAX(title) AS n FROM tickets GROUP BY user_id) c ON c.user_id = u.id JOIN tickets t ON t.user_id = u.id SET u.city = c.n, t.points = 1;

-- == correlated subqueries in SET
UPDATE users SET age = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = users.id);
UPDATE users SET balance = (SELECT SUM(points) FROM tickets t WHERE t.user_id = users.id) WHERE id IN (1, 3, 5, 12);
UPDATE users SET balance = (SELECT SUM(points) FROM tickets t WHERE t.user_id = users.id);
UPDATE users SET city = (SELECT title FROM tickets t WHERE t.user_id = users.id ORDER BY ticket DESC LIMIT 1), age = 3;
UPDATE users SET city = (SELECT title FROM tickets t WHERE t.user_id = users.id);
UPDATE users u SET u.city = CONCAT('n', (SELECT COUNT(*) FROM tickets t WHERE t.user_id = u.id)), u.age = u.age + 1 WHERE u.age < 50;
UPDATE tickets SET title = (SELECT name FROM users u WHERE u.id = tickets.user_id);
UPDATE tickets SET title = (SELECT name FROM users u WHERE u.id = tickets.user_id), points = points + 1 WHERE points < 6;
UPDATE tickets SET title = IFNULL((SELECT name FROM users u WHERE u.id = tickets.user_id), 'nobody'), user_id = NULL;
UPDATE products SET stock = (SELECT COUNT(*) FROM orders WHERE product_id = products.id);
UPDATE products SET price = (SELECT AVG(total) FROM orders WHERE product_id = products.id) WHERE id < 5; -- any-warnings
UPDATE audit SET what = (SELECT name FROM users WHERE users.id = audit.id);
UPDATE notes SET body = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = notes.user_id);
UPDATE kinds SET big = (SELECT COUNT(*) FROM users u WHERE u.id <= kinds.k);
UPDATE codes SET v = (SELECT MAX(u.id) FROM users u WHERE u.name < codes.code);
UPDATE users SET age = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = users.id), balance = age + 1;
UPDATE users SET balance = 7, city = (SELECT MAX(title) FROM tickets t WHERE t.user_id = users.id), name = CONCAT(name, city) WHERE id < 4;
UPDATE users SET age = age + 1, balance = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = users.age); -- refused: an assignment reads elsewhere with what an earlier one has set

-- == correlated subqueries in WHERE
UPDATE users SET city = 'Holder' WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id);
UPDATE users SET city = 'None' WHERE NOT EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id AND t.points > 2);
UPDATE users u SET u.age = u.age - 1 WHERE u.age > (SELECT SUM(points) FROM tickets t WHERE t.user_id = u.id);
UPDATE users SET age = 5 WHERE id IN (SELECT user_id FROM tickets t WHERE t.title > users.city);
UPDATE tickets SET points = points + 10 WHERE user_id = (SELECT id FROM users u WHERE u.id = tickets.user_id AND u.city = 'Rome');
UPDATE tickets SET points = -points WHERE EXISTS (SELECT * FROM orders o JOIN users u ON u.id = o.user_id WHERE u.id = tickets.user_id AND o.total > 10);
UPDATE orders SET note = 'ticket' WHERE (SELECT COUNT(*) FROM tickets t WHERE t.user_id = orders.user_id) > 1;
UPDATE products SET stock = 8 WHERE (SELECT COUNT(*) FROM orders o WHERE o.product_id = products.id) > 3;
UPDATE products SET name = CONCAT(name, id) WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.ticket = products.id + 4);
UPDATE audit SET what = 'user' WHERE EXISTS (SELECT 1 FROM users WHERE users.id = audit.id AND users.age > 20);
DELETE FROM users WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id AND t.points > 4);
DELETE FROM users WHERE age < (SELECT SUM(points) FROM tickets t WHERE t.user_id = users.id);
DELETE FROM tickets WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = tickets.user_id);
DELETE FROM tickets WHERE points < (SELECT COUNT(*) FROM orders o WHERE o.user_id = tickets.user_id);
DELETE FROM products WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.product_id = products.id AND o.total > 50);
DELETE FROM audit WHERE EXISTS (SELECT 1 FROM users WHERE users.id = audit.id AND users.city = 'Rome');
DELETE FROM codes WHERE v = (SELECT COUNT(*) FROM tickets t WHERE t.title > codes.code);
DELETE IGNORE FROM users WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id);

-- == ORDER BY and LIMIT with them
UPDATE users SET city = 'first' WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id) ORDER BY id LIMIT 2;
UPDATE users SET city = (SELECT MAX(title) FROM tickets t WHERE t.user_id = users.id) ORDER BY id DESC LIMIT 5;
UPDATE users SET age = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = users.id) ORDER BY name LIMIT 3;
UPDATE users SET age = 9 WHERE (SELECT COUNT(*) FROM tickets t WHERE t.user_id = users.id) = 0 ORDER BY age DESC, id LIMIT 4;
UPDATE tickets SET points = 0 WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = tickets.user_id) ORDER BY points DESC LIMIT 2;
UPDATE tickets SET points = 50 ORDER BY (SELECT name FROM users u WHERE u.id = tickets.user_id), ticket LIMIT 3;
UPDATE users SET city = 'none' WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id) LIMIT 0;
DELETE FROM users WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id) ORDER BY id DESC LIMIT 2;
DELETE FROM tickets WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = tickets.user_id) ORDER BY ticket LIMIT 1;
DELETE FROM orders WHERE (SELECT COUNT(*) FROM tickets t WHERE t.user_id = orders.user_id) > 0 ORDER BY total DESC, id LIMIT 3;

-- == ORDER BY and LIMIT of several tables
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = t.ticket ORDER BY t.ticket DESC LIMIT 3;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = 1, t.points = 100 ORDER BY t.ticket LIMIT 2;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET t.points = 101 ORDER BY u.id DESC, t.ticket LIMIT 3;
UPDATE users u JOIN orders o ON o.user_id = u.id SET o.note = 'co', u.age = 2 ORDER BY o.id DESC LIMIT 5;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.city = v.name ORDER BY u.name LIMIT 4;
UPDATE products p JOIN tickets t ON t.ticket = p.id SET p.stock = t.points ORDER BY p.price LIMIT 2;
DELETE u FROM users u JOIN tickets t ON t.user_id = u.id ORDER BY u.id LIMIT 1;

-- == DELETE from tables sharded by different keys
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id WHERE u.id = 3;
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.points > 7;
DELETE t, o FROM tickets t JOIN orders o ON o.user_id = t.user_id WHERE o.status = 'sent';
DELETE FROM users, tickets USING users JOIN tickets ON tickets.user_id = users.id WHERE users.city = 'Oslo';
DELETE tickets.*, users.* FROM tickets LEFT JOIN users ON users.id = tickets.user_id WHERE tickets.points BETWEEN 4 AND 6;
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id;
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id;

-- == DELETE from a table joined with itself, and from others
DELETE u FROM users u JOIN users v ON v.id = u.id + 1;
DELETE u FROM users u JOIN users v ON v.id = 12 AND v.age > u.age;
DELETE u, v FROM users u JOIN users v ON v.id = u.id + 1 WHERE u.id = 12;
DELETE t FROM tickets t JOIN tickets s ON s.user_id = t.user_id AND s.ticket < t.ticket;
DELETE u FROM users u LEFT JOIN users v ON v.id = u.age WHERE v.id IS NULL AND u.age IS NOT NULL;
DELETE a, n FROM audit a JOIN notes n ON n.id = a.id WHERE a.id < 3;
DELETE a, u FROM audit a JOIN users u ON u.id = a.id WHERE u.id = 4;
DELETE p, o FROM products p JOIN orders o ON o.product_id = p.id WHERE p.name = 'Gum';
DELETE p, t FROM products p LEFT JOIN tickets t ON t.ticket = p.id WHERE p.price > 10;
DELETE a, n FROM audit a JOIN notes n ON n.id = a.id;
DELETE IGNORE n, t FROM notes n JOIN tickets t ON t.ticket = n.id;
DELETE FROM users WHERE id = (SELECT MAX(id) FROM (SELECT id FROM users) x);
DELETE FROM users WHERE age > (SELECT AVG(age) FROM (SELECT age FROM users) x) AND EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id);

-- == types keep their values
UPDATE kinds k JOIN kinds o ON o.k = k.k + 3 SET k.tiny = o.tiny, k.big = o.big, k.exact = o.exact, k.f = o.f, k.d = o.d, k.bits = o.bits;
UPDATE kinds k JOIN kinds o ON o.k = k.k + 3 SET k.day = o.day, k.moment = o.moment, k.clock = o.clock, k.y = o.y;
UPDATE kinds k JOIN kinds o ON o.k = k.k + 3 SET k.fixed = o.fixed, k.latin = o.latin, k.long_text = o.long_text, k.bytes = o.bytes, k.blob_ = o.blob_;
UPDATE kinds k JOIN kinds o ON o.k = k.k + 3 SET k.one = o.one, k.some = o.some;
UPDATE kinds k JOIN kinds o ON o.k = k.k + 3 SET k.doc = o.doc WHERE k.k = 2;
UPDATE kinds k JOIN kinds o ON o.k = 3 SET k.tiny = o.tiny, k.f = o.f, k.day = o.day, k.fixed = o.fixed, k.one = o.one, k.doc = o.doc WHERE k.k = 1;
UPDATE kinds k JOIN kinds o ON o.k = 4 SET k.long_text = o.f, k.fixed = o.tiny, k.blob_ = o.moment WHERE k.k <> 4;
UPDATE kinds k JOIN kinds o ON o.k = 5 SET k.long_text = o.exact, k.latin = o.day, k.blob_ = o.clock, k.exact = o.f * 3, k.d = o.exact / 3 WHERE k.k < 3;
UPDATE kinds k JOIN kinds o ON o.k = 2 SET k.long_text = o.moment, k.d = o.d, k.big = o.big - 1 WHERE k.k = 5;
UPDATE kinds k JOIN users u ON u.id = k.k SET k.latin = u.name, k.fixed = u.city, k.exact = u.balance, k.tiny = u.age / 10, u.city = 'kind';
UPDATE users u JOIN kinds k ON k.k = u.id SET u.city = k.fixed, u.balance = k.exact, u.email = k.latin, k.bits = 3 WHERE k.k IN (1, 5);
UPDATE kinds k JOIN kinds o ON o.k = 1 SET k.long_text = o.one, k.latin = o.some WHERE k.k > 1;
UPDATE kinds k JOIN kinds o ON o.k = 4 SET k.bits = o.bits, k.blob_ = o.bytes, k.bytes = o.blob_ WHERE k.k IN (2, 5);

-- == values that do not fit
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.age = 300 + v.id;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.name = v.city;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.city = REPEAT(t.title, 20), t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = t.title, t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = u.age / (t.ticket - 3), t.points = 1;
UPDATE users SET age = (SELECT MIN(t.ticket) - 5 FROM tickets t WHERE t.user_id = users.id) WHERE id IN (1, 3);
UPDATE kinds k JOIN kinds o ON o.k = k.k + 1 SET k.latin = '😀', k.tiny = o.tiny + 1; -- mariadb
UPDATE orders o JOIN tickets t ON t.user_id = o.user_id SET o.status = t.title, t.points = 2;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.name = NULL, t.points = 2;
UPDATE accounts a JOIN tickets t ON t.user_id = a.user_id SET a.amount = -200, t.points = 2; -- any-warnings
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.age = v.age WHERE u.name = 0;
UPDATE stamped s JOIN tickets t ON t.user_id = s.user_id SET s.twice = 1, t.points = 1; -- refused on mariadb: a generated column is set beside another table
UPDATE IGNORE users u JOIN users v ON v.id = u.id + 1 SET u.age = 300 + v.id;
UPDATE IGNORE users u JOIN tickets t ON t.user_id = u.id SET u.city = REPEAT(t.title, 20), t.points = 1; -- any-warnings | any-info
UPDATE IGNORE users u JOIN tickets t ON t.user_id = u.id SET u.name = NULL, t.points = 2; -- any-warnings | any-info

-- == without strict mode
SET sql_mode = '';
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.age = 300 + v.id;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.city = REPEAT(t.title, 20), t.points = 1; -- any-warnings | any-info
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = t.title, t.points = 1; -- any-warnings | any-info
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.name = NULL, t.points = 2; -- any-warnings | any-info
UPDATE orders o JOIN tickets t ON t.user_id = o.user_id SET o.status = t.title, t.points = 2; -- any-warnings | any-info
SET sql_mode = DEFAULT;

-- == rows that are found several times
-- A server warns of them once where it changes them while it reads, as here, and each time where it keeps them for later,
-- which its optimizer decides; Shardgate warns once.
SET sql_mode = '';
UPDATE users u STRAIGHT_JOIN tickets t SET u.age = 300, t.points = 1 WHERE t.user_id = u.id;
UPDATE users u STRAIGHT_JOIN tickets t SET u.name = NULL, t.points = 2 WHERE t.user_id = u.id;
UPDATE users u STRAIGHT_JOIN tickets t SET u.city = REPEAT('x', 30), t.points = 3 WHERE t.user_id = u.id;
UPDATE users u STRAIGHT_JOIN tickets t SET u.age = t.title, t.points = 4 WHERE t.user_id = u.id; -- any-info
SET sql_mode = DEFAULT;
UPDATE IGNORE users u STRAIGHT_JOIN tickets t SET u.age = -1, t.points = 5 WHERE t.user_id = u.id;

-- == unique values
UPDATE products p JOIN products q ON q.id = p.id + 1 SET p.name = CONCAT(q.name, '1');
UPDATE products p JOIN tickets t ON t.ticket = p.id SET p.name = 'Same', t.points = 3;
UPDATE products p JOIN tickets t ON t.ticket = p.id SET p.id = p.id + 100, t.points = 3;
UPDATE accounts a JOIN tickets t ON t.user_id = a.user_id SET a.nr = a.nr + 10, t.points = 3;
UPDATE accounts a JOIN tickets t ON t.user_id = a.user_id SET a.label = t.title, t.points = 4 WHERE a.nr = 11;
UPDATE accounts a JOIN tickets t ON t.user_id = a.user_id SET a.label = 'one', t.points = 4; -- any-warnings
UPDATE audit a JOIN users u ON u.id = a.id SET a.id = a.id + 100, u.age = 1;
UPDATE products SET id = id + (SELECT COUNT(*) FROM orders o WHERE o.product_id = products.id) * 100;

-- == generated columns and ON UPDATE CURRENT_TIMESTAMP
SET timestamp = 1700000000;
UPDATE stamped s JOIN tickets t ON t.user_id = s.user_id SET s.v = t.points, t.title = s.made;
UPDATE stamped s JOIN tickets t ON t.user_id = s.user_id SET s.v = s.v, t.points = 1;
UPDATE stamped s JOIN stamped r ON r.user_id = s.user_id + 1 SET s.v = r.twice, s.made = r.seen;
SET timestamp = 1700000100;
UPDATE stamped s JOIN tickets t ON t.user_id = s.user_id SET s.seen = DEFAULT, s.made = NOW(), t.title = 'now';
UPDATE stamped s JOIN tickets t ON t.user_id = s.user_id SET s.v = 1, t.title = DATE_FORMAT(NOW(), '%H:%i');
UPDATE stamped SET v = (SELECT SUM(points) FROM tickets t WHERE t.user_id = stamped.user_id);
SET timestamp = DEFAULT;

-- == rows that move
UPDATE orders o JOIN users u ON u.id = o.user_id SET o.user_id = 6 WHERE u.id = 5;
UPDATE orders o JOIN products p ON p.id = o.product_id SET o.user_id = 6 WHERE p.name = 'Pen';
UPDATE tickets t JOIN users u ON u.id = t.user_id SET t.ticket = t.ticket + 100, u.city = 'moved' WHERE u.id = 3;
UPDATE tickets SET ticket = 1000 + (SELECT COUNT(*) FROM users WHERE users.id < tickets.ticket) WHERE ticket IN (2, 5, 8);
UPDATE codes c JOIN kinds k ON k.k = c.v SET c.code = CONCAT(c.code, k.k), k.tiny = 1;
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.id = 600, o.user_id = 600 WHERE u.id = 3;

-- == mistakes
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.nothing = 1, t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = t.nothing, t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.nothing SET u.age = 1, t.points = 1;
UPDATE users u JOIN orders o ON o.user_id = u.id + 1 SET id = 1;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET age = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET x.age = 1, t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = MAX(t.points), t.points = 1; -- refused on mariadb: an aggregate, which servers take for a mistake
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.age = (SELECT MAX(age) FROM users);
UPDATE users SET age = (SELECT MAX(w.age) FROM users w WHERE w.id < users.id);
UPDATE users SET age = (SELECT age FROM users WHERE id = 1) WHERE id = 2;
DELETE FROM users WHERE age < (SELECT MAX(w.age) FROM users w WHERE w.city = users.city);
DELETE u, x FROM users u JOIN tickets t ON t.user_id = u.id;
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id WHERE u.nothing = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id JOIN (SELECT 1 AS one) d SET d.one = 2, t.points = 1;

-- == tables without a primary key
UPDATE visits v JOIN tickets t ON t.user_id = v.user_id SET v.n = 0, t.points = 0; -- refused: no key tells the rows apart
UPDATE visits SET n = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = visits.user_id); -- refused: no key tells the rows apart
DELETE FROM visits WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = visits.user_id); -- refused: no key tells the rows apart
DELETE v, t FROM visits v JOIN tickets t ON t.user_id = v.user_id; -- refused: no key tells the rows apart
UPDATE visits v JOIN tickets t ON t.user_id = v.user_id SET t.points = v.n WHERE v.n > 1;

-- == RETURNING
DELETE FROM users WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id) RETURNING id, name, city; -- mariadb
DELETE FROM users WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = users.id) RETURNING id, name, city; -- mariadb
DELETE FROM tickets WHERE user_id IN (SELECT id FROM users WHERE age > 20) RETURNING *; -- mariadb
DELETE FROM tickets WHERE points > 3 ORDER BY points DESC LIMIT 2 RETURNING ticket, points * 2 AS twice; -- mariadb | ordered
DELETE FROM orders WHERE product_id = (SELECT MIN(points) FROM tickets) OR note IS NULL ORDER BY total, id RETURNING id, UPPER(status); -- mariadb | ordered
DELETE FROM products WHERE NOT EXISTS (SELECT 1 FROM orders WHERE product_id = products.id) RETURNING id, name; -- mariadb
DELETE FROM kinds WHERE k IN (SELECT id FROM users WHERE id < 6) RETURNING *; -- mariadb
DELETE FROM users WHERE id IN (SELECT user_id FROM tickets) RETURNING nothing; -- mariadb
DELETE FROM users WHERE id IN (SELECT user_id FROM tickets) RETURNING (SELECT MAX(title) FROM tickets); -- mariadb | refused: RETURNING reads other tables
DELETE FROM codes WHERE v < (SELECT MAX(points) FROM tickets) RETURNING code AS c; -- mariadb

-- == parameters
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = ?, t.points = ? WHERE u.id > ?; -- bind 5, 6, 1
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.city = CONCAT(?, t.title), t.title = ? WHERE t.points < ?; -- bind 'é', NULL, 6
UPDATE users u JOIN users v ON v.id = u.id + ? SET u.balance = v.balance * ? WHERE u.name <> ?; -- bind 1, 1.5, 'Ann'
UPDATE users SET age = (SELECT COUNT(*) FROM tickets t WHERE t.user_id = users.id AND t.points > ?) WHERE age > ?; -- bind 1, 20
UPDATE kinds k JOIN kinds o ON o.k = k.k + ? SET k.moment = ?, k.day = ?, k.clock = ?, k.blob_ = ?, k.tiny = o.tiny; -- bind 1, DATE 2024-02-03, DATE 2024-02-04, TIME 01:02:03, b'x'
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id WHERE t.title IN (?, ?); -- bind 't1', 't6'
DELETE FROM tickets WHERE points > ? AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = tickets.user_id AND u.city = ?) ORDER BY ticket LIMIT ?; -- bind 1, 'Rome', 2

-- == foreign keys
DELETE c, t FROM children c JOIN tickets t ON t.ticket = c.parent_id;
DELETE p, t FROM parents p JOIN tickets t ON t.ticket = p.id WHERE p.id > 3;
UPDATE children c JOIN tickets t ON t.ticket = c.nr SET c.name = t.title, t.points = 1;
UPDATE children c JOIN tickets t ON t.ticket = c.nr SET c.parent_id = 70, t.points = 1;

-- == variables
SET @a = 5, @b = 'b';
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = @a, t.title = CONCAT(u.name, @b);
UPDATE users u JOIN users v ON v.id = u.id + @a SET u.city = v.name;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.city = (@c := v.name); -- refused: a variable that is assigned
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.age = 77, t.points = 77 WHERE u.id = 1;
SELECT ROW_COUNT();

-- == in a transaction of its own writes | as it stands
BEGIN;
INSERT INTO tickets (ticket, user_id, title) VALUES (60, 1, 'new'), (61, 2, 'new');
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.city = t.title, t.points = 61 WHERE t.ticket >= 60;
SELECT id, city FROM users WHERE city = 'new' ORDER BY id;
SAVEPOINT here;
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id;
SELECT COUNT(*) FROM users;
ROLLBACK TO here;
SELECT COUNT(*) FROM users;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET u.city = 'ok', t.points = 1;
UPDATE users u JOIN tickets t ON t.user_id = u.id SET t.points = 2, u.name = NULL;
SELECT ticket, points FROM tickets ORDER BY ticket;
COMMIT;
SELECT id, city FROM users ORDER BY id;
SET autocommit = 0;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.city = v.name;
ROLLBACK;
SELECT id, city FROM users ORDER BY id;
SET autocommit = 1;
START TRANSACTION READ ONLY;
UPDATE users u JOIN users v ON v.id = u.id + 1 SET u.city = v.name;
DELETE u, t FROM users u JOIN tickets t ON t.user_id = u.id WHERE u.id = 5000;
COMMIT;
