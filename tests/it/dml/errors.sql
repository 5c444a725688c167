-- Statements that fail: with the server's number, and nothing of them stays on any shard.

-- == NOT NULL (1048)
INSERT INTO users (id, name) VALUES (601, NULL);
INSERT INTO users (id, name) VALUES (601, 'a'), (602, 'b'), (603, 'c'), (604, NULL);
INSERT INTO users (id, name) VALUES (NULL, 'ok'), (601, NULL);
INSERT INTO accounts VALUES (1, NULL, 'x', 0);
INSERT INTO accounts VALUES (NULL, 1, 'x', 0);
UPDATE users SET name = NULL;
UPDATE users SET name = NULL WHERE id = 1;
UPDATE users SET name = IF(id = 7, NULL, 'x');
INSERT INTO products VALUES (50, NULL, 1, 1);
UPDATE products SET name = IF(id = 3, NULL, name);
INSERT INTO users (id) VALUES (601);
INSERT INTO users (id) VALUES (601), (602), (603);

-- == duplicate keys by UPDATE (1062)
UPDATE accounts SET nr = 1;
UPDATE accounts SET nr = 2 WHERE user_id = 5;
UPDATE accounts SET label = 'same';
UPDATE accounts SET label = 'same' WHERE user_id IN (2, 3, 4, 5);
UPDATE products SET name = 'Same';
UPDATE products SET id = 1 WHERE id = 2;
UPDATE audit SET id = 1 WHERE id = 2;
UPDATE children SET nr = 2;

-- == foreign keys (1451, 1452)
INSERT INTO children VALUES (50, 1, 'no parent');
INSERT INTO children VALUES (2, 5, 'ok'), (3, 5, 'ok'), (4, 5, 'ok'), (50, 1, 'no parent');
DELETE FROM parents WHERE id = 1;
DELETE FROM parents WHERE id IN (4, 5, 7, 8, 6);
DELETE FROM parents WHERE name IS NOT NULL;
-- MySQL 9 replaces a row that others refer to, and its replicas stop at the row's deletion.
REPLACE INTO parents VALUES (1, 'x'), (4, 'x'); -- mariadb
SET foreign_key_checks = 0;
INSERT INTO children VALUES (50, 1, 'allowed'), (51, 1, 'allowed'), (52, 1, 'allowed');
DELETE FROM children WHERE parent_id >= 50;
SET foreign_key_checks = 1;
INSERT INTO children VALUES (50, 1, 'no parent');

-- == CHECK (3819, 4025)
INSERT INTO accounts VALUES (61, 1, 'x', -101);
INSERT INTO accounts VALUES (61, 1, 'x', 0), (62, 1, 'x', 0), (63, 1, 'x', -101), (64, 1, 'x', 0);
UPDATE accounts SET amount = -101;
UPDATE accounts SET amount = amount - 1;
UPDATE accounts SET amount = -101 WHERE user_id = 9;
INSERT INTO accounts VALUES (1, 1, 'x', 0), (2, 1, 'x', 0) ON DUPLICATE KEY UPDATE amount = -101;
REPLACE INTO accounts VALUES (1, 1, 'x', 0), (2, 1, 'x', -101);

-- == values that do not fit (1406, 1264, 1366, 1292, 1265)
INSERT INTO users (id, name) VALUES (611, 'a name that is longer than twenty');
INSERT INTO users (id, name) VALUES (611, 'a'), (612, 'b'), (613, 'a name that is longer than twenty'), (614, 'd');
INSERT INTO users (id, name, age) VALUES (611, 'a', 256);
INSERT INTO users (id, name, age) VALUES (611, 'a', 1), (612, 'b', -1), (613, 'c', 1);
INSERT INTO users (id, name, age) VALUES (611, 'a', 'old');
INSERT INTO users (id, name, balance) VALUES (611, 'a', 123456789012);
INSERT INTO kinds (k, day) VALUES (611, '2023-02-29');
INSERT INTO kinds (k, day) VALUES (611, '2023-02-28'), (612, '2023-02-29'), (613, '2023-02-28');
INSERT INTO kinds (k, moment) VALUES (611, 'yesterday');
INSERT INTO kinds (k, one) VALUES (611, 'd');
INSERT INTO kinds (k, some) VALUES (611, 'x,q');
INSERT INTO kinds (k, doc) VALUES (611, '{');
INSERT INTO kinds (k, bits) VALUES (611, 512);
INSERT INTO kinds (k, y) VALUES (611, 3000);
INSERT INTO kinds (k, clock) VALUES (611, '900:00:00');
INSERT INTO kinds (k, latin) VALUES (611, '😀'); -- any-warnings
INSERT INTO kinds (k, tiny) VALUES (2147483648, 1);
UPDATE users SET name = REPEAT('x', 21);
UPDATE users SET age = 256 WHERE id = 3;
UPDATE users SET age = age + 1;
UPDATE users SET age = age - 1;
UPDATE users SET age = 'old' WHERE city = 'Rome';
UPDATE users SET balance = balance * 10000000;
UPDATE users SET balance = 1 / 0; -- any-warnings
UPDATE kinds SET day = '2023-02-29' WHERE k = 3;
UPDATE kinds SET one = 'd';
UPDATE kinds SET tiny = 1000 WHERE k > 3;
UPDATE products SET stock = stock - 1;
UPDATE products SET price = 1e10 WHERE id = 2;
UPDATE users SET age = 1 WHERE name = 5;
DELETE FROM users WHERE name + 0 = 5;

-- == the same without strict mode: warnings
SET sql_mode = '';
INSERT INTO users (id, name) VALUES (621, 'a name that is longer than twenty');
INSERT INTO users (id, name, age) VALUES (622, 'a', 256), (623, 'b', -1), (624, 'c', 'old'), (625, 'd', '12x');
INSERT INTO users (id, name, balance) VALUES (626, 'x', 123456789012), (627, 'y', 'z');
INSERT INTO users (id) VALUES (628), (629), (630);
INSERT INTO users (id, name) VALUES (631, 'a'), (632, NULL), (633, 'c');
INSERT INTO users (id, name) VALUES (634, NULL);
INSERT INTO kinds (k, day, moment) VALUES (621, '2023-02-29', 'yesterday'), (622, '0000-00-00', '2023-00-00');
INSERT INTO kinds (k, one, some) VALUES (623, 'd', 'x,q'), (624, '', '');
INSERT INTO kinds (k, tiny, bits, y) VALUES (625, 1000, 512, 3000);
INSERT INTO kinds (k, latin) VALUES (626, '😀'), (627, 'ok'); -- any-warnings
INSERT INTO kinds (k, exact) VALUES (628, 1.23456), (629, 123456789.5);
UPDATE users SET age = 300;
UPDATE users SET age = 0 - 1 WHERE id IN (1, 2, 3);
UPDATE users SET name = REPEAT(name, 9);
UPDATE users SET name = NULL WHERE id < 4;
UPDATE kinds SET day = '2023-02-29', one = 'd' WHERE k < 6;
UPDATE users SET balance = 1 / 0 WHERE id = 1;
UPDATE users SET city = 'x' WHERE name = 5; -- any-warnings
INSERT INTO accounts VALUES (1, 1, 'x', 0);
INSERT INTO children VALUES (50, 1, 'no parent');
INSERT INTO accounts VALUES (61, 1, 'x', -101);
INSERT INTO accounts (user_id, nr, label) VALUES (62, 1, 'longer than ten'), (63, 'x', 'y');
UPDATE products SET stock = -1;
INSERT INTO products (id, name) VALUES (60, 'a name that is longer than twenty');

-- == the server's own modes
SET sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO,STRICT_ALL_TABLES';
UPDATE users SET age = 1 / 0;
UPDATE users SET age = 1 / 0 WHERE id = 1;
SET sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO';
UPDATE users SET age = 1 / 0;
SET sql_mode = 'NO_ZERO_DATE,NO_ZERO_IN_DATE,STRICT_TRANS_TABLES';
INSERT INTO kinds (k, day) VALUES (641, '0000-00-00');
INSERT INTO kinds (k, day) VALUES (642, '2024-01-01'), (643, '2024-00-01');
SET sql_mode = 'ANSI_QUOTES';
UPDATE "users" SET "city" = 'ansi' WHERE "id" = 1; -- text-only
UPDATE "users" SET "city" = "name"; -- text-only
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
UPDATE users SET city = 'back\slash' WHERE id IN (1, 2);
SET sql_mode = 'PIPES_AS_CONCAT';
UPDATE users SET city = name || '!' WHERE id IN (1, 2);
SET sql_mode = DEFAULT;
UPDATE users SET age = 1 / 0 WHERE id = 1;

-- == many warnings, and fewer kept
SET max_error_count = 3;
INSERT IGNORE INTO users (id, name, age) VALUES (651, 'a', 300), (652, 'b', 300), (653, 'c', 300), (654, 'd', 300), (655, 'e', 300), (656, 'f', 300); -- any-warnings
UPDATE IGNORE users SET age = 400; -- any-warnings
SET max_error_count = 0;
UPDATE IGNORE users SET age = 500 WHERE id = 1; -- any-warnings
SET max_error_count = DEFAULT;
UPDATE IGNORE users SET age = 400 WHERE id IN (1, 2, 3, 4, 5, 6);
SHOW WARNINGS LIMIT 2; -- count-only | any-columns
UPDATE users SET age = 1 WHERE id = 1;
SHOW WARNINGS;

-- == what is misspelt or unknown changes nothing
DELETE FROM orders WERE id = 101;
DELETE FROM orders WHRE user_id = 1;
DELETE orders WHERE id = 101;
DELETE * FROM orders;
DELETE FROM orders o WHERE unknown = 1;
DELETE FROM orders WHERE unknown = 1;
DELETE FROM orders WHERE user_id = 1 AND;
DELETE FROM orders WHERE user_id = 1 ANDD note IS NULL;
DELETE FROM orders WHERE user_id == 1;
DELETE FROM orders WHERE user_id = 1 LIMT 1;
DELETE FROM orders WHERE user_id = 1 ORDER id LIMIT 1;
DELETE FROM orders, users WHERE user_id = 1;
DELETE FROM order WHERE id = 1;
DELETE FROM ordres WHERE id = 101;
DELETE FROM orders user_id = 1;
DELETE FROM orders WHERE user_id = ;
DELETE FROM orders WHERE;
DELETE FROM orders WHERE (user_id = 1;
DELETE FROM orders WHERE x.user_id = 1;
DELETE FROM orders LIMIT -1;
DELETE FROM orders LIMIT 1, 2;
DELETE FORM orders WHERE user_id = 1;
DELET FROM orders;
DELETE FROM;
UPDATE orders SET note = 1 WHRE user_id = 1;
UPDATE orders SET note = 'x' WERE id = 101;
UPDATE orders SET note = 'x' WHER id = 101;
UPDATE orders SETT note = 'x';
UPDTE orders SET note = 'x';
DELETE orders FROM orders JION users ON orders.user_id = users.id;
DELETE orders FROM orders JOIN users NO orders.user_id = users.id;
DELETE orders FROM orders JOIN nothing ON orders.user_id = nothing.id;
DELETE nothing FROM orders JOIN users ON orders.user_id = users.id;
DELETE o, nothing FROM orders o JOIN users u ON o.user_id = u.id;
DELETE FROM o USING orders o JION products p ON o.product_id = p.id;
DELETE FROM o USING orders o, nothing n WHERE o.user_id = n.id;
DELETE FROM nothing, orders USING orders JOIN users ON orders.user_id = users.id;
UPDATE orders JION users ON orders.user_id = users.id SET orders.note = 'x';
UPDATE orders JOIN nothing ON orders.user_id = nothing.id SET orders.note = 'x';
UPDATE orders, nothing SET orders.note = 'x' WHERE orders.user_id = nothing.id;
UPDATE orders JOIN tickets ON orders.user_id = tickets.user_id SETT orders.note = 'x';
UPDATE orders JOIN tickets ON orders.user_id = tickets.user_id SET orders.unknown = 'x';
UPDATE orders JOIN tickets ON orders.user_id = tickets.unknown SET orders.note = 'x';
UPDATE orders SET note = (SELECT title FORM tickets LIMIT 1);
UPDATE orders SET note = (SELECT unknown FROM tickets LIMIT 1);
UPDATE orders SET note = (SELECT title FROM nothing LIMIT 1);
DELETE FROM orders WHERE user_id IN (SELECT user_id FROM nothing);
DELETE FROM orders WHERE user_id IN (SELECT unknown FROM tickets);
DELETE FROM orders WHERE user_id IN (SELECT user_id FORM tickets);
INSERT INTO orders (user_id) SELECT user_id FORM tickets;
INSERT INTO orders (user_id) SELCT user_id FROM tickets;
INSERT INTO orders (user_id) SELECT user_id FROM tickets WERE ticket = 1;
INSERT INTO orders (user_id) VLAUES (1);
INSERT INT orders (user_id) VALUES (1);
REPLACE INTO orders (user_id) SELECT unknown FROM tickets;
CREATE TABLE made AS SELCT * FROM users;
CREATE TABLE made SELECT * FORM users;
CREATE TABEL made (a INT);
DROP TABEL orders;
TRUNCATE TABEL orders;
UPDATE orders SET note = 'x' WHERE unknown = 1;
UPDATE orders SET unknown = 'x' WHERE user_id = 1;
UPDATE orders SET unknown = 'x';
UPDATE orders SET note = unknown;
UPDATE orders note = 'x';
UPDATE orders SET note 'x';
UPDATE orders SET note = 'x', WHERE user_id = 1;
UPDATE orders SET note = 'x' AND user_id = 1 WHERE;
UPDATE ordres SET note = 'x';
UPDATE orders o SET orders.note = 'x';
UPDATE orders SET x.note = 'x' WHERE user_id = 1;
UPDATE orders SET;
UPDATE orders;
UPDATE SET note = 'x';
UPDATE orders, users SET note = 'x' WHERE unknown = 1;
UPDATE orders SET note = 'x' LIMIT 1, 2;
UPDATE orders JOIN users SET name = 'x' ON TRUE;
INSERT INTO orders (id, usr_id) VALUES (700, 1);
INSERT INTO orders (id, user_id) VALUS (700, 1);
INSERT INTO orders (id, user_id) VALUES (700, 1) (701, 2);
INSERT INTO orders (id, user_id) VALUES (700, 1), ;
INSERT INTO orders (id, user_id) VALUES (700, 1), (701);
INSERT INTO orders (id, user_id) VALUES (700, 1, 2);
INSERT INTO orders (id, user_id, id) VALUES (700, 1, 2);
INSERT INTO orders (id, user_id) VALUES (700, unknown);
INSERT INTO orders (id, user_id) VALUES (700, 1) ON DUPLICATE KEY UPDATE unknown = 1;
INSERT INTO orders (id, user_id) VALUES (700, 1) ON DUPLICATE UPDATE note = 1;
INSERT INTO ordres (id) VALUES (1);
INSERT orders;
INSERT INTO orders SET id = 700, user_id = 1 WHERE id = 1;
REPLACE INTO orders (id, user_id) VALUES (101, 1) ON DUPLICATE KEY UPDATE note = 'x';
REPLACE IGNORE INTO orders (id, user_id) VALUES (101, 1);
TRUNCATE orders WHERE user_id = 1;
TRUNCATE ordres;
SELECT COUNT(*), SUM(user_id), SUM(note IS NULL) FROM orders;

-- == other databases
DELETE FROM no_such_database.users WHERE id = 1;
UPDATE no_such_database.users SET name = 'x';
INSERT INTO no_such_database.users (id, name) VALUES (1, 'x');
