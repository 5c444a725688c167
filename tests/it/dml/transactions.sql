-- Transactions over several shards: what stays, what is undone, and the status flags on the way.

-- == an error undoes its statement only
INSERT INTO users (id, name) VALUES (801, 'kept'), (802, 'kept'), (803, 'kept'), (804, 'kept');
INSERT INTO users (id, name) VALUES (805, 'x'), (806, 'x'), (807, 'x'), (801, 'there');
UPDATE accounts SET label = 'same';
UPDATE users SET name = IF(id = 803, NULL, 'x') WHERE id > 800;
DELETE FROM parents;
UPDATE products SET stock = stock - 5;
SELECT id, name FROM users WHERE id > 800 ORDER BY id;
INSERT INTO users (id, name) VALUES (808, 'after');

-- == COMMIT and ROLLBACK | as it stands
BEGIN;
INSERT INTO users (id, name) VALUES (811, 'a'), (812, 'b'), (813, 'c'), (814, 'd');
UPDATE users SET city = 'In' WHERE id > 810;
DELETE FROM orders WHERE user_id IN (1, 5, 12);
UPDATE products SET stock = stock + 1;
SELECT COUNT(*) FROM orders;
COMMIT;
START TRANSACTION;
DELETE FROM users;
TRUNCATE TABLE nothing;
ROLLBACK;
BEGIN WORK;
DELETE FROM orders;
ROLLBACK WORK;
START TRANSACTION READ WRITE;
UPDATE users SET age = 1;
UPDATE audit SET what = 'x';
UPDATE notes SET body = 'x';
ROLLBACK;
SELECT COUNT(*) FROM users WHERE age = 1;
COMMIT;
ROLLBACK;
BEGIN;
BEGIN;
UPDATE users SET age = 2 WHERE id IN (1, 2, 3);
START TRANSACTION;
ROLLBACK;
SELECT id FROM users WHERE age = 2 ORDER BY id;

-- == AND CHAIN, RELEASE | as it stands
BEGIN;
UPDATE users SET age = 3 WHERE id IN (1, 2, 3, 4);
COMMIT AND CHAIN;
UPDATE users SET age = 4 WHERE id IN (1, 2, 3, 4);
ROLLBACK AND CHAIN;
UPDATE users SET age = 5 WHERE id IN (1, 2);
COMMIT AND NO CHAIN;
SELECT id, age FROM users WHERE id < 5 ORDER BY id;
COMMIT AND NO CHAIN NO RELEASE;
COMMIT WORK AND CHAIN NO RELEASE;
UPDATE users SET age = 6 WHERE id = 1;
ROLLBACK AND NO CHAIN NO RELEASE;
START TRANSACTION READ ONLY;
COMMIT AND CHAIN;
UPDATE users SET age = 7 WHERE id = 1;
ROLLBACK;
COMMIT AND;
ROLLBACK AND CHAIN RELEASE;

-- == savepoints | as it stands
BEGIN;
SAVEPOINT a;
UPDATE users SET age = 10 WHERE id IN (1, 2, 3, 4);
SAVEPOINT b;
UPDATE users SET age = 11;
DELETE FROM orders;
ROLLBACK TO SAVEPOINT b;
SELECT COUNT(*) FROM users WHERE age = 11;
SELECT COUNT(*) FROM orders;
UPDATE users SET city = 'after b' WHERE id IN (5, 6, 7, 8);
SAVEPOINT b;
UPDATE products SET stock = 0;
ROLLBACK TO b;
SELECT SUM(stock) FROM products;
RELEASE SAVEPOINT b;
ROLLBACK TO SAVEPOINT b;
RELEASE SAVEPOINT b;
SELECT COUNT(*) FROM users WHERE city = 'after b';
SAVEPOINT `with space`;
DELETE FROM users;
ROLLBACK WORK TO SAVEPOINT `with space`;
ROLLBACK TO A;
SELECT COUNT(*) FROM users WHERE age = 10;
UPDATE users SET age = 12 WHERE id = 1;
COMMIT;
ROLLBACK TO SAVEPOINT a;
RELEASE SAVEPOINT a;
SAVEPOINT outside;
ROLLBACK TO SAVEPOINT outside;
BEGIN;
UPDATE users SET age = 13 WHERE id = 1;
SAVEPOINT first_shard_only;
UPDATE users SET age = 13;
ROLLBACK TO SAVEPOINT first_shard_only;
UPDATE users SET city = 'again' WHERE id IN (2, 3, 4, 5);
ROLLBACK TO SAVEPOINT first_shard_only;
COMMIT;
BEGIN;
SAVEPOINT one;
INSERT INTO users (id, name) VALUES (821, 'one');
SAVEPOINT two;
INSERT INTO users (id, name) VALUES (822, 'two'), (823, 'two');
SAVEPOINT one;
INSERT INTO users (id, name) VALUES (824, 'three');
ROLLBACK TO two;
ROLLBACK TO one;
COMMIT;
BEGIN;
SAVEPOINT s;
UPDATE accounts SET label = 'same';
ROLLBACK TO s;
INSERT INTO users (id, name) VALUES (825, 'x'), (826, 'x'), (1, 'there');
RELEASE SAVEPOINT s;
INSERT INTO users (id, name) VALUES (825, 'y'), (826, 'y'), (827, 'y');
COMMIT;
SAVEPOINT;
ROLLBACK TO;

-- == autocommit=0 | as it stands
SET autocommit = 0;
UPDATE users SET age = 20 WHERE id IN (1, 2, 3, 4);
ROLLBACK;
UPDATE users SET age = 21 WHERE id IN (1, 2, 3, 4);
COMMIT;
INSERT INTO users (id, name) VALUES (831, 'a'), (832, 'b'), (833, 'c'), (834, 'd');
SELECT COUNT(*) FROM users WHERE id > 830;
BEGIN;
ROLLBACK;
SELECT COUNT(*) FROM users WHERE id > 830;
DELETE FROM users WHERE id > 830;
SET autocommit = 1;
ROLLBACK;
SELECT COUNT(*) FROM users WHERE id > 830;
SET autocommit = 0;
UPDATE users SET age = 22;
SET autocommit = 0;
ROLLBACK;
SET @@autocommit = ON;
UPDATE users SET age = 23 WHERE id = 1;
ROLLBACK;

-- == READ ONLY and isolation | as it stands
START TRANSACTION READ ONLY;
SELECT COUNT(*) FROM users;
INSERT INTO users (id, name) VALUES (841, 'x');
INSERT INTO users (id, name) VALUES (841, 'x'), (842, 'x'), (843, 'x');
UPDATE users SET age = 1;
UPDATE users SET age = 1 WHERE id = 1;
DELETE FROM orders;
DELETE FROM products;
REPLACE INTO audit (id) VALUES (1);
TRUNCATE TABLE orders;
SELECT id FROM users WHERE id = 1 FOR UPDATE;
COMMIT;
UPDATE users SET age = 30 WHERE id IN (1, 2);
START TRANSACTION READ ONLY, READ WRITE;
START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;
SELECT COUNT(*) FROM orders;
UPDATE orders SET note = 'x';
COMMIT;
START TRANSACTION WITH CONSISTENT SNAPSHOT;
UPDATE orders SET note = 'snapshot' WHERE user_id IN (1, 2, 3);
COMMIT;
SET TRANSACTION READ ONLY;
BEGIN;
UPDATE users SET age = 31;
COMMIT;
UPDATE users SET age = 31 WHERE id = 3;
SET SESSION TRANSACTION READ ONLY;
UPDATE users SET age = 34;
BEGIN;
DELETE FROM users WHERE id = 1;
COMMIT;
SET SESSION TRANSACTION READ WRITE;
UPDATE users SET age = 35 WHERE id IN (1, 2, 3);
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
BEGIN;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET TRANSACTION READ ONLY;
UPDATE users SET age = 36 WHERE id IN (1, 2, 3);
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
COMMIT;
BEGIN;
UPDATE users SET age = 37 WHERE id IN (1, 2, 3);
COMMIT;
SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE;
BEGIN;
SELECT SUM(age) FROM users WHERE id < 4;
UPDATE users SET age = 38 WHERE id IN (1, 2, 3);
COMMIT;
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SET TRANSACTION ISOLATION LEVEL NONSENSE;

-- == implicit commits | as it stands
BEGIN;
UPDATE users SET age = 40 WHERE id IN (1, 2, 3, 4);
CREATE TABLE soon_gone (id INT PRIMARY KEY);
ROLLBACK;
SELECT COUNT(*) FROM users WHERE age = 40;
BEGIN;
UPDATE users SET age = 41 WHERE id IN (1, 2, 3, 4);
DROP TABLE soon_gone;
ROLLBACK;
SELECT COUNT(*) FROM users WHERE age = 41;
BEGIN;
UPDATE users SET age = 42 WHERE id IN (1, 2, 3, 4);
ALTER TABLE visits COMMENT = 'x';
UPDATE users SET age = 43 WHERE id IN (1, 2, 3, 4);
ROLLBACK;
BEGIN;
UPDATE users SET age = 44 WHERE id IN (1, 2, 3, 4);
CREATE TABLE users (id INT);
ROLLBACK;
SELECT COUNT(*) FROM users WHERE age = 44;
BEGIN;
UPDATE users SET age = 45 WHERE id IN (1, 2, 3, 4);
CREATE TABLE broken (;
ROLLBACK;
SELECT COUNT(*) FROM users WHERE age = 45;
SET autocommit = 0;
UPDATE users SET age = 46 WHERE id IN (1, 2, 3, 4);
SET autocommit = 1;
ROLLBACK;
BEGIN;
UPDATE users SET age = 47 WHERE id IN (1, 2, 3, 4);
SELECT LAST_INSERT_ID();
SET @a = 1;
SHOW TABLES; -- count-only | any-columns
ROLLBACK;
SELECT COUNT(*) FROM users WHERE age = 47;

-- == several statements in one packet | as it stands
INSERT INTO users (id, name) VALUES (851, 'a'), (852, 'b'); -- then
UPDATE users SET age = 50 WHERE id IN (851, 852); -- then
SELECT id, age FROM users WHERE id > 850 ORDER BY id;
BEGIN; -- then
UPDATE users SET age = 51; -- then
ROLLBACK;
BEGIN; -- then
UPDATE users SET age = 52 WHERE id < 4; -- then
COMMIT;
UPDATE users SET age = 53 WHERE id = 1; -- then
UPDATE users SET name = NULL; -- then
UPDATE users SET age = 54 WHERE id = 1;
SELECT age FROM users WHERE id = 1;
UPDATE users SET age = 55 WHERE id = 1; -- then
UPDATE users SETT age = 56; -- then
UPDATE users SET age = 57 WHERE id = 1;
SELECT age FROM users WHERE id = 1;
INSERT INTO orders (user_id) VALUES (1), (2), (3); -- then
SELECT LAST_INSERT_ID() AS order_id; -- then
DELETE FROM orders WHERE note IS NULL;
DELETE FROM users WHERE id = 12; -- then
DELETE FROM users WHERE id = 12; -- then
DELETE FROM users WHERE id IN (10, 11);
BEGIN; -- then
INSERT INTO users (id, name) VALUES (861, 'x'), (862, 'x'), (1, 'there'); -- then
COMMIT;
ROLLBACK;

-- == read-your-writes and counts
INSERT INTO users (id, name, age) VALUES (871, 'a', 1), (872, 'b', 2), (873, 'c', 3), (874, 'd', 4);
SELECT COUNT(*), SUM(age) FROM users WHERE id > 870;
UPDATE users SET age = age + 1 WHERE id > 870;
SELECT id, age FROM users WHERE id > 870 ORDER BY age DESC;
SELECT ROW_COUNT();
DELETE FROM users WHERE id IN (871, 872);
SELECT ROW_COUNT();
UPDATE users SET age = age WHERE id > 870;
SELECT ROW_COUNT();
SELECT FOUND_ROWS(); -- any-warnings
INSERT INTO users (id, name) VALUES (871, 'again'), (1, 'there');
SELECT ROW_COUNT();
SELECT u.id, COUNT(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY u.id;
