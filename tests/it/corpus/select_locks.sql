-- setup: select_tables.sql
-- Locking reads in a transaction, and what they see of its writes.

BEGIN;
SELECT k FROM things WHERE k = 3 FOR UPDATE;
SELECT k FROM things WHERE k IN (1, 2, 3) ORDER BY k FOR UPDATE;
SELECT k FROM things ORDER BY k FOR UPDATE;
SELECT k FROM things WHERE en = 'Large' ORDER BY money, k LIMIT 3 FOR UPDATE;
SELECT k FROM things ORDER BY k LOCK IN SHARE MODE;
SELECT k FROM things ORDER BY k FOR SHARE; -- mysql
SELECT k FROM things ORDER BY k FOR UPDATE NOWAIT;
SELECT k FROM things ORDER BY k FOR UPDATE SKIP LOCKED;
SELECT k FROM things ORDER BY k LOCK IN SHARE MODE NOWAIT; -- mariadb
SELECT k FROM things ORDER BY k FOR SHARE SKIP LOCKED; -- mysql
SELECT k FROM things ORDER BY k FOR UPDATE WAIT 3; -- mariadb
SELECT COUNT(*), SUM(money) FROM things FOR UPDATE;
SELECT yr, COUNT(*) FROM things GROUP BY yr ORDER BY yr FOR UPDATE;
SELECT t.k, p.n FROM things t JOIN parts p ON p.k = t.k ORDER BY 1, 2 FOR UPDATE;
SELECT t.k, l.id FROM things t JOIN lumped l ON l.id = t.k ORDER BY 1 FOR UPDATE;
SELECT t.k, l.id FROM things t LEFT JOIN lumped l ON l.v = t.k ORDER BY 1, 2 LOCK IN SHARE MODE;
SELECT t.k FROM things t JOIN lumped l ON l.id = t.k ORDER BY 1 FOR UPDATE OF t; -- mysql
SELECT t.k FROM things t JOIN lumped l ON l.id = t.k ORDER BY 1 FOR UPDATE OF t FOR SHARE OF l; -- mysql
SELECT k FROM things WHERE k IN (SELECT id FROM lumped) ORDER BY k FOR UPDATE;
SELECT k FROM things WHERE money = (SELECT MAX(money) FROM things) ORDER BY k FOR UPDATE;
SELECT k FROM things WHERE EXISTS (SELECT 1 FROM lumped WHERE id = k FOR UPDATE) ORDER BY k;
SELECT DISTINCT yr FROM things ORDER BY yr FOR UPDATE;
SELECT * FROM (SELECT k FROM things FOR UPDATE) d ORDER BY k;
SELECT k FROM things UNION SELECT id FROM lumped ORDER BY k FOR UPDATE; -- mysql
(SELECT k FROM things FOR UPDATE) UNION (SELECT id FROM lumped FOR UPDATE) ORDER BY 1;
SELECT k, ROW_NUMBER() OVER (ORDER BY k) AS r FROM things ORDER BY k FOR UPDATE;
WITH c AS (SELECT k FROM things) SELECT k FROM c ORDER BY k FOR UPDATE;
WITH c AS (SELECT k FROM things FOR UPDATE) SELECT k FROM c ORDER BY k;
SELECT * FROM nothing FOR UPDATE;
SELECT * FROM colors ORDER BY id FOR UPDATE;
SELECT * FROM ledger ORDER BY id FOR UPDATE;
SELECT l.id, t.k FROM ledger l JOIN things t ON t.k = l.k ORDER BY 1 FOR UPDATE;
UPDATE things SET money = 1000 WHERE k BETWEEN 1 AND 9;
SELECT k FROM things WHERE money = (SELECT MAX(money) FROM things) ORDER BY k FOR UPDATE;
SELECT t.k, l.id, t.money FROM things t JOIN lumped l ON l.id = t.k ORDER BY 1 LOCK IN SHARE MODE;
INSERT INTO lumped VALUES (1, 1, 'one'), (8, 2, 'eight');
SELECT l.id, t.k FROM lumped l LEFT JOIN things t ON t.k = l.id ORDER BY 1 FOR UPDATE;
DELETE FROM parts WHERE n = 0;
SELECT t.k, COUNT(p.n) FROM things t LEFT JOIN parts p ON p.n = t.k GROUP BY t.k ORDER BY t.k FOR UPDATE;
SAVEPOINT here;
UPDATE lumped SET v = v + 10;
SELECT SUM(l.v), COUNT(*) FROM lumped l JOIN things t ON t.k = l.id;
ROLLBACK TO here;
SELECT SUM(l.v), COUNT(*) FROM lumped l JOIN things t ON t.k = l.id;
ROLLBACK;
SELECT SUM(l.v), COUNT(*) FROM lumped l JOIN things t ON t.k = l.id;
SELECT k FROM things WHERE k IN (SELECT id FROM lumped) ORDER BY k FOR UPDATE;
SET autocommit = 0;
SELECT COUNT(*) FROM things t JOIN lumped l ON l.id = t.k;
UPDATE things SET money = money + 1;
SELECT SUM(t.money) FROM things t JOIN lumped l ON l.id = t.k;
ROLLBACK;
SELECT SUM(t.money) FROM things t JOIN lumped l ON l.id = t.k;
SET autocommit = 1;
START TRANSACTION READ ONLY;
SELECT COUNT(*) FROM things t JOIN lumped l ON l.id = t.k;
SELECT k FROM things WHERE k IN (SELECT id FROM lumped) ORDER BY k;
SELECT k FROM things UNION SELECT id FROM lumped ORDER BY k;
COMMIT;
START TRANSACTION WITH CONSISTENT SNAPSHOT;
SELECT COUNT(*) FROM things t JOIN lumped l ON l.v = t.k;
COMMIT;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
BEGIN;
SELECT COUNT(*) FROM things t JOIN lumped l ON l.v = t.k;
COMMIT;
SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE;
BEGIN;
SELECT COUNT(*) FROM things t JOIN lumped l ON l.v = t.k;
COMMIT;
