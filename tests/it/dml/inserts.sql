-- INSERT and REPLACE of rows that the statement gives.

-- == one row, in each form
INSERT INTO users (id, name) VALUES (21, 'one');
INSERT users (id, name) VALUES (22, 'no into');
INSERT INTO users SET id = 23, name = 'by set', age = 8;
INSERT INTO users SET name = 'key last', id = 24;
INSERT INTO users VALUES (25, 'all', 'a@b', 'Rome', 30, 5.5);
INSERT INTO users VALUE (26, 'value', NULL, NULL, NULL, 0);
INSERT INTO users (users.id, users.name) VALUES (27, 'qualified');
INSERT INTO `users` (`id`, `name`) VALUES (28, 'back`tick');
INSERT /* a comment */ INTO users -- to the end of the line
  (id, name) VALUES # another
  (29, 'comments');
INSERT LOW_PRIORITY INTO users (id, name) VALUES (30, 'low');
INSERT HIGH_PRIORITY INTO users (id, name) VALUES (31, 'high');
INSERT INTO orders (id, user_id) VALUES (130, 5);
INSERT INTO accounts VALUES (9, 1, 'main', 1);
INSERT INTO visits VALUES (7, 'new', 7);
INSERT INTO codes VALUES ('new', 9);
INSERT INTO tickets (ticket, title) VALUES (20, 'new');

-- == several rows over all shards
INSERT INTO users (id, name) VALUES (41, 'a'), (42, 'b'), (43, 'c'), (44, 'd'), (45, 'e'), (46, 'f'), (47, 'g'), (48, 'h');
INSERT INTO orders (id, user_id, product_id, total) VALUES (141, 41, 1, 1), (142, 42, 2, 2), (143, 43, 3, NULL), (144, 41, 1, 1);
INSERT INTO visits VALUES (1, 'x', 1), (1, 'x', 1), (2, 'x', 1), (3, NULL, NULL);
INSERT INTO codes (v, code) VALUES (1, 'c1'), (2, 'c2'), (3, 'c3'), (4, 'c4'), (5, 'c5');
INSERT INTO tickets (title, ticket, points) VALUES ('t', 21, 1), ('t', 22, DEFAULT), ('t', 23, 3);
INSERT INTO accounts (user_id, nr, amount) VALUES (41, 1, 1), (42, 1, 1), (43, 1, 1), (44, 1, 1), (41, 2, 2);

-- == expressions and defaults
INSERT INTO users (id, name, age) VALUES (51, CONCAT('con', 'cat'), 1 + 2 * 3), (52, UPPER('up'), IF(1 > 2, 1, 2)), (53, REPEAT('x', 3), NULL);
INSERT INTO users (id, name, balance, city) VALUES (54, 'd', DEFAULT, DEFAULT(city)), (55, 'e', DEFAULT(balance) + 1, 'x'), (56, 'f', -1.005, 'y'); -- any-warnings
INSERT INTO users (id, name, age) VALUES (57, 'back reference', age), (58, 'of a column', id + 1);
INSERT INTO orders (id, user_id, product_id, status) VALUES (150, 51, DEFAULT, DEFAULT), (151, 52, DEFAULT(product_id) + 1, 2), (152, 53, 3, 'SENT');
INSERT INTO users (id, name) VALUES (50 + 9, 'key by expression');
INSERT INTO users (id, name) VALUES ('60', 'key as string'), (61.0, 'key as decimal');
INSERT INTO visits () VALUES (); -- refused: a row without the sharding key
INSERT INTO visits (page) VALUES ('no key'); -- refused: a row without the sharding key
INSERT INTO users (id, name, city) VALUES (62, 'subquery', (SELECT name FROM products WHERE id = 2));
INSERT INTO users (id, name, city) VALUES (63, 'subquery', (SELECT title FROM tickets WHERE ticket = 1)); -- refused: a subquery in VALUES of a table that is sharded otherwise
INSERT INTO stamped (user_id, nr, v, made, seen) VALUES (6, 1, 5, '2024-01-01', '2024-01-01'), (7, 1, NULL, '2024-01-01', '2024-01-01');
INSERT INTO stamped (user_id, nr, v, twice) VALUES (6, 2, 5, 10);
INSERT INTO stamped (user_id, nr, v, twice, made, seen) VALUES (6, 3, 5, DEFAULT, '2024-01-01', '2024-01-01');

-- == all types
INSERT INTO kinds (k, tiny, big, exact) VALUES (11, -1, 18446744073709551615, 0.00005), (12, '7', '8', '9.5'), (13, 1.5, 2.5, 3.5);
INSERT INTO kinds (k, f, d, bits) VALUES (14, 1e10, 1e-10, b'101'), (15, 0.1, 0.1, 5), (16, '1e3', '.5', x'FF');
INSERT INTO kinds (k, day, moment, clock, y) VALUES (17, '2024-02-29', '2024-02-29 10:00:00.1234', '10:11:12', 70), (18, 20240229, 20240229101112, 101112, '69'), (19, DATE '2020-01-01', TIMESTAMP '2020-01-01 01:01:01.5', TIME '01:01:01', 0);
INSERT INTO kinds (k, fixed, latin, long_text) VALUES (20, 'ab   ', 'ñ', '😀'), (21, '', '', ''), (22, 'it''s', 'a\\b', 'line\nbreak\0nul');
INSERT INTO kinds (k, bytes, blob_) VALUES (23, 'a', x'00'), (24, x'', ''), (25, 0x41424344, _binary 'x');
INSERT INTO kinds (k, one, some, doc) VALUES (26, 1, 3, '{"b":[1,2,{"c":null}]}'), (27, 'B', 'z,x', 'null'), (28, NULL, '', '[1.0, 1e2, "\\u00e4"]');

-- == generated ids
INSERT INTO orders (user_id, product_id) VALUES (3, 1);
SELECT LAST_INSERT_ID() AS order_id;
INSERT INTO orders (id, user_id, product_id) VALUES (NULL, 3, 2), (NULL, 5, 2), (NULL, 6, 2);
SELECT LAST_INSERT_ID() AS order_id;
INSERT INTO orders (id, user_id) VALUES (0, 3), (DEFAULT, 4);
INSERT INTO orders SET user_id = 8;
INSERT INTO users (name) VALUES ('g1'), ('g2'), ('g3'), ('g4'), ('g5');
SELECT LAST_INSERT_ID() AS user_id;
INSERT INTO users (id, name) VALUES (71, 'own id');
SELECT LAST_INSERT_ID() AS user_id;
INSERT INTO orders (user_id, note) VALUES (LAST_INSERT_ID(), 'child');
INSERT INTO audit (who) VALUES ('x'), ('y'), ('z');
SELECT LAST_INSERT_ID();
INSERT INTO audit VALUES (NULL, 'n', 'n'), (0, 'z', 'z'), (DEFAULT, 'd', 'd');
INSERT INTO notes (user_id, body) VALUES (5, 'five');
SELECT LAST_INSERT_ID();

-- == a duplicate key
INSERT INTO users (id, name) VALUES (1, 'again');
INSERT INTO users (id, name) VALUES (81, 'new'), (82, 'new'), (83, 'new'), (84, 'new'), (1, 'again');
INSERT INTO users (id, name) VALUES (2, 'again'), (81, 'new'), (82, 'new'), (83, 'new');
INSERT INTO users (id, name) VALUES (85, 'first'), (85, 'same key');
INSERT INTO accounts VALUES (1, 3, 'main', 0);
INSERT INTO accounts VALUES (41, 1, 'main', 0), (42, 1, 'main', 0), (43, 1, 'main', 0), (1, 3, 'main', 0);
INSERT INTO products (id, name) VALUES (6, 'pen');
INSERT INTO products (id, name) VALUES (6, 'New'), (1, 'Old');
INSERT INTO audit (id, who) VALUES (50, 'new'), (1, 'old');
INSERT INTO codes VALUES ('zeta', 1), ('eta', 1), ('alpha', 1);
SELECT LAST_INSERT_ID();

-- == IGNORE
INSERT IGNORE INTO users (id, name) VALUES (1, 'there');
INSERT IGNORE INTO users (id, name) VALUES (1, 'there'), (2, 'there'), (3, 'there'), (4, 'there');
INSERT IGNORE INTO users (id, name) VALUES (1, 'there'), (91, 'new'), (2, 'there'), (92, 'new'), (93, 'new');
INSERT IGNORE INTO users (id, name, age) VALUES (94, 'cut', 300), (95, 'cut', -1), (96, 'a name that is longer than twenty', 1);
INSERT IGNORE INTO users (id, name) VALUES (97, NULL), (98, 'x');
INSERT IGNORE INTO orders (id, user_id, status) VALUES (160, 1, 'lost'), (161, 2, 'new'), (101, 1, 'new');
INSERT IGNORE INTO accounts VALUES (1, 1, 'x', 0), (1, 5, 'main', 0), (2, 5, 'two', 0), (3, 5, 'three', -101);
INSERT IGNORE INTO children VALUES (1, 1, 'there'), (1, 3, 'new'), (99, 1, 'no parent'), (2, 2, 'new');
INSERT IGNORE INTO products (id, name) VALUES (1, 'there'), (6, 'New'), (7, 'pen');
INSERT IGNORE INTO audit (id, who) VALUES (1, 'there'), (60, 'new');
INSERT IGNORE INTO kinds (k, day, tiny) VALUES (31, '2023-02-30', 1), (32, 'x', 1), (33, '2023-02-28', 999);

-- == ON DUPLICATE KEY UPDATE
INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = 'changed';
INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = 'changed';
INSERT INTO users (id, name) VALUES (101, 'x') ON DUPLICATE KEY UPDATE name = 'changed';
INSERT INTO users (id, name, age) VALUES (2, 'x', 5) ON DUPLICATE KEY UPDATE age = age + 1, city = 'Bonn';
INSERT INTO users (id, name, age) VALUES (2, 'val', 9) ON DUPLICATE KEY UPDATE name = VALUES(name), age = VALUES(age) + age; -- any-warnings
INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd') ON DUPLICATE KEY UPDATE city = 'Same';
INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (102, 'new') ON DUPLICATE KEY UPDATE city = 'Same'; -- any-info
INSERT INTO users (id, name) VALUES (1, 'a'), (103, 'b'), (5, 'c'), (104, 'd'), (5, 'again') ON DUPLICATE KEY UPDATE balance = balance + 1;
INSERT INTO accounts VALUES (1, 9, 'main', 5), (2, 1, 'x', 5), (6, 2, 'new', 5) ON DUPLICATE KEY UPDATE amount = amount + 5;
INSERT INTO accounts VALUES (1, 2, 'x', 0) ON DUPLICATE KEY UPDATE label = 'main';
INSERT INTO accounts VALUES (4, 1, 'x', 0), (5, 1, 'x', 0), (3, 1, 'x', 0) ON DUPLICATE KEY UPDATE amount = amount - 50;
INSERT INTO products (id, name) VALUES (1, 'x'), (9, 'Nine') ON DUPLICATE KEY UPDATE stock = stock + 1;
INSERT INTO products (id, name) VALUES (10, 'pen') ON DUPLICATE KEY UPDATE id = 11;
INSERT INTO audit (id, who) VALUES (1, 'x'), (70, 'y') ON DUPLICATE KEY UPDATE what = 'dup';
INSERT INTO orders (id, user_id) VALUES (101, 1) ON DUPLICATE KEY UPDATE note = 'dup', id = LAST_INSERT_ID(id);
INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE id = 2; -- refused: the row would have to move
INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE id = id, name = 'kept key';
INSERT IGNORE INTO users (id, name, age) VALUES (1, 'x', 1), (105, 'y', 2) ON DUPLICATE KEY UPDATE age = 300;
INSERT IGNORE INTO users (id, name) VALUES (1, 'x'), (2, 'x'), (5, 'x'), (106, 'y') ON DUPLICATE KEY UPDATE balance = balance + 1;
INSERT INTO users (id, name) VALUES (3, 'x') ON DUPLICATE KEY UPDATE name = NULL;
INSERT INTO codes VALUES ('alpha', 9), ('new', 9) ON DUPLICATE KEY UPDATE v = IFNULL(v, 0) + 10;
INSERT INTO stamped (user_id, nr, v, made, seen) VALUES (1, 1, 11, '2024-01-01', '2024-01-01') ON DUPLICATE KEY UPDATE v = 12, seen = '2024-02-02';
INSERT INTO users (id, name) VALUES (1, 'al'), (106, 'ias') AS new ON DUPLICATE KEY UPDATE name = new.name; -- mysql
INSERT INTO users (id, name) VALUES (2, 'al'), (107, 'ias') AS new (a, b) ON DUPLICATE KEY UPDATE name = CONCAT(b, a); -- mysql
INSERT INTO users SET id = 3, name = 'set alias' AS new ON DUPLICATE KEY UPDATE name = new.name; -- mysql

-- == REPLACE
REPLACE INTO users (id, name) VALUES (1, 'replaced');
REPLACE INTO users (id, name) VALUES (111, 'new');
REPLACE INTO users (id, name) VALUES (2, 'r'), (112, 'r'), (113, 'r'), (3, 'r'), (4, 'r');
REPLACE INTO users VALUES (1, 'replaced', NULL, NULL, NULL, 0);
REPLACE users SET id = 5, name = 'by set';
REPLACE LOW_PRIORITY INTO visits VALUES (1, 'no key to replace', 1);
REPLACE INTO accounts VALUES (1, 1, 'side', 5);
REPLACE INTO accounts VALUES (2, 2, 'main', 5), (4, 1, 'main', 0), (44, 1, 'main', 1), (45, 1, 'main', 1);
REPLACE INTO products (id, name) VALUES (1, 'Mug'), (20, 'New');
REPLACE INTO audit (id, who) VALUES (1, 'r'), (80, 'r');
REPLACE INTO codes VALUES ('alpha', 1), ('beta', 3), ('new', 1);
REPLACE INTO orders (user_id, product_id) VALUES (1, 1), (2, 1);
-- MySQL 9 replaces a row that others refer to, and its replicas stop at the row's deletion.
REPLACE INTO parents VALUES (1, 'has children'); -- mariadb
REPLACE INTO parents VALUES (4, 'has none'), (5, 'has none'), (8, 'has none');
REPLACE INTO kinds (k, tiny) VALUES (1, 9), (2, NULL), (3, 3);
REPLACE INTO users (id, name) VALUES (1, NULL);

-- == RETURNING of inserted rows
INSERT INTO users (id, name) VALUES (121, 'ret') RETURNING id, name, UPPER(name) AS u; -- mariadb
INSERT INTO users (id, name) VALUES (122, 'a'), (123, 'b'), (124, 'c'), (125, 'd') RETURNING id, name; -- mariadb | ordered
REPLACE INTO codes VALUES ('alpha', 77) RETURNING *; -- mariadb
INSERT INTO orders (user_id) VALUES (3) RETURNING id AS order_id, user_id; -- mariadb
INSERT INTO products (id, name) VALUES (30, 'ret') RETURNING id; -- mariadb
INSERT INTO audit (who) VALUES ('ret') RETURNING id; -- mariadb
INSERT IGNORE INTO users (id, name) VALUES (1, 'there') RETURNING id; -- mariadb
INSERT INTO users (id, name) VALUES (1, 'there') ON DUPLICATE KEY UPDATE name = name RETURNING id; -- mariadb
INSERT INTO users (id, name) VALUES (126, 'ret') RETURNING id; -- mysql
-- == RETURNING of what IGNORE leaves out | as it stands
BEGIN; -- mariadb
INSERT IGNORE INTO users (id, name) VALUES (1, 'there') RETURNING id; -- mariadb
COMMIT; -- mariadb
BEGIN; -- mariadb
INSERT INTO users (id, name) VALUES (1, 'there') ON DUPLICATE KEY UPDATE name = name RETURNING id; -- mariadb
COMMIT; -- mariadb

-- == PARTITION without a list of columns
CREATE TABLE copied (nr INT NOT NULL, user_id BIGINT NOT NULL, v VARCHAR(9), PRIMARY KEY (user_id, nr)) PARTITION BY RANGE (nr) (PARTITION low VALUES LESS THAN (10), PARTITION mid VALUES LESS THAN (20), PARTITION high VALUES LESS THAN MAXVALUE);
INSERT INTO copied PARTITION (low) VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, 4, 'd');
INSERT INTO copied PARTITION (low, mid) VALUES (11, 1, 'a'), (2, 12, 'b');
INSERT INTO copied PARTITION (mid) VALUES (12, 1, 'a'), (1, 5, 'b');
INSERT INTO copied PARTITION (mid) VALUES (1, 5, 'b');
INSERT IGNORE INTO copied PARTITION (mid) VALUES (12, 1, 'a'), (1, 5, 'b'), (13, 6, 'c');
REPLACE INTO copied PARTITION (low) VALUES (1, 1, 'new'), (5, 5, 'e');
REPLACE copied PARTITION (low) VALUES (12, 1, 'new');
INSERT INTO copied PARTITION (low) VALUES (1, 1, 'x'), (6, 6, 'f') ON DUPLICATE KEY UPDATE v = VALUES(v); -- any-warnings
INSERT INTO copied PARTITION (low) VALUES (1, 1);
INSERT INTO copied PARTITION (none) VALUES (1, 1, 'x'); -- text-only
INSERT INTO copied PARTITION (high) SELECT id + 20, id, name FROM users;
INSERT INTO copied PARTITION (high) SELECT id + 40, id % 3 + 1, name FROM users;
INSERT INTO copied PARTITION (high) SELECT t.ticket + 60, u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT IGNORE INTO copied PARTITION (mid) SELECT t.ticket + 15, u.id, t.title FROM users u JOIN tickets t ON t.user_id = u.id;
INSERT INTO copied PARTITION (mid) SELECT id + 15, id, name FROM users;
REPLACE INTO copied PARTITION (high) SELECT id + 40, id % 3 + 1, 'again' FROM users WHERE id < 4;
SELECT * FROM copied PARTITION (low) ORDER BY nr, user_id;
SELECT * FROM copied ORDER BY nr, user_id;
DROP TABLE copied;
