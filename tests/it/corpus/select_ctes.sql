-- setup: select_tables.sql
-- Common table expressions.

-- Common table expressions.
WITH c AS (SELECT k, money FROM things) SELECT * FROM c ORDER BY k;
WITH c AS (SELECT k, money FROM things WHERE k = 3) SELECT * FROM c;
WITH c AS (SELECT yr, COUNT(*) AS n FROM things GROUP BY yr) SELECT * FROM c ORDER BY yr;
WITH c AS (SELECT yr, COUNT(*) AS n FROM things GROUP BY yr) SELECT MAX(n), AVG(n) FROM c;
WITH c (a, b) AS (SELECT k, money FROM things WHERE k < 5) SELECT a, b FROM c ORDER BY a;
WITH c AS (SELECT k FROM things WHERE en = 'Large'), d AS (SELECT id FROM lumped) SELECT c.k FROM c JOIN d ON d.id = c.k ORDER BY 1;
WITH c AS (SELECT k FROM things), d AS (SELECT k FROM c WHERE k > 20) SELECT COUNT(*), MIN(k) FROM d;
WITH c AS (SELECT k, money FROM things) SELECT a.k, b.k FROM c a JOIN c b ON b.k = a.k + 1 ORDER BY 1;
WITH c AS (SELECT k, money FROM things) SELECT COUNT(*) FROM c WHERE money > (SELECT AVG(money) FROM c);
WITH c AS (SELECT yr, SUM(money) AS s FROM things GROUP BY yr) SELECT a.yr, a.s, b.s FROM c a LEFT JOIN c b ON b.yr = a.yr + 24 ORDER BY 1, 3;
WITH c AS (SELECT id, v FROM lumped) SELECT * FROM c WHERE v = (SELECT MAX(v) FROM c) ORDER BY id;
WITH c AS (SELECT id FROM lumped) SELECT k FROM things WHERE k IN (SELECT id FROM c) ORDER BY k;
WITH c AS (SELECT id FROM lumped) SELECT k, (SELECT COUNT(*) FROM c WHERE c.id < t.k) AS n FROM things t ORDER BY k;
WITH c AS (SELECT k, RANK() OVER (ORDER BY money DESC, k) AS r FROM things) SELECT k, r FROM c WHERE r <= 5 ORDER BY r;
WITH c AS (SELECT user_id, SUM(total) AS s FROM orders GROUP BY user_id) SELECT u.id, c.s FROM users u LEFT JOIN c ON c.user_id = u.id ORDER BY u.id;
WITH c AS (SELECT product_id, SUM(total) AS s FROM orders GROUP BY product_id) SELECT p.name, c.s FROM products p LEFT JOIN c ON c.product_id = p.id ORDER BY p.id;
WITH c AS (SELECT k FROM things UNION SELECT id FROM lumped) SELECT COUNT(*) FROM c;
WITH c AS (SELECT k FROM things UNION ALL SELECT id FROM lumped) SELECT k, COUNT(*) FROM c GROUP BY k HAVING COUNT(*) > 1 ORDER BY k;
WITH c AS (SELECT 1 AS a) SELECT c.a, t.k FROM c JOIN things t ON t.k = c.a;
WITH c AS (SELECT 1 AS a UNION SELECT 3) SELECT t.k FROM c JOIN things t ON t.k = c.a ORDER BY 1;
WITH c AS (SELECT * FROM nothing) SELECT COUNT(*) FROM c;
WITH c AS (SELECT * FROM nothing) SELECT * FROM c;
WITH c AS (SELECT * FROM colors) SELECT t.k, c.name FROM things t JOIN c ON c.id = t.k ORDER BY 1;
WITH c AS (SELECT * FROM ledger) SELECT t.k, c.amount FROM things t JOIN c ON c.k = t.k ORDER BY 1, c.id;
WITH things AS (SELECT id AS k FROM lumped) SELECT k FROM things ORDER BY k;
WITH c AS (SELECT k, money FROM things ORDER BY money DESC, k LIMIT 5) SELECT k FROM c ORDER BY k;
WITH c AS (SELECT DISTINCT yr FROM things) SELECT COUNT(*) FROM c;
WITH c AS (SELECT k FROM things), d AS (SELECT k FROM parts) SELECT k FROM c WHERE k NOT IN (SELECT k FROM d) ORDER BY k;
SELECT * FROM (WITH c AS (SELECT k FROM things WHERE k < 4) SELECT k FROM c) d ORDER BY k;
SELECT k FROM things WHERE k IN (WITH c AS (SELECT id FROM lumped WHERE v > 0) SELECT id FROM c) ORDER BY k;
SELECT (WITH c AS (SELECT MAX(id) AS m FROM lumped) SELECT m FROM c) AS m;
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a UNION SELECT * FROM b;
WITH c AS (SELECT k, ci, ai, moment, huge, js FROM things) SELECT * FROM c WHERE k BETWEEN 3 AND 9 ORDER BY k;
WITH c AS (SELECT en, COUNT(*) AS n, SUM(money) AS s FROM things GROUP BY en WITH ROLLUP) SELECT * FROM c WHERE en IS NULL ORDER BY n;
WITH unused AS (SELECT * FROM lumped) SELECT k FROM things WHERE k = 3;
WITH unused AS (SELECT * FROM lumped) SELECT COUNT(*) FROM things;

-- Recursive.
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT * FROM r;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT r.n, t.money FROM r LEFT JOIN things t ON t.k = r.n ORDER BY r.n;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT SUM(t.money) FROM things t WHERE t.k IN (SELECT n FROM r);
WITH RECURSIVE r AS (SELECT k, 0 AS depth FROM things WHERE k = 0 UNION ALL SELECT t.k, r.depth + 1 FROM r JOIN things t ON t.k = r.k + 3) SELECT * FROM r ORDER BY k;
WITH RECURSIVE r AS (SELECT MIN(id) AS id FROM lumped UNION ALL SELECT (SELECT MIN(l.id) FROM lumped l WHERE l.id > r.id) FROM r WHERE r.id IS NOT NULL) SELECT id FROM r ORDER BY id; -- mariadb
WITH RECURSIVE r AS (SELECT 2 AS id UNION DISTINCT SELECT l.v FROM r JOIN lumped l ON l.id = r.id + 1) SELECT * FROM r ORDER BY id;
WITH RECURSIVE r (n, s) AS (SELECT 1, CAST('a' AS CHAR(20)) UNION ALL SELECT n + 1, CONCAT(s, 'b') FROM r WHERE n < 5) SELECT s, t.bn FROM r JOIN things t ON t.k = r.n ORDER BY r.n;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n * 2 FROM r WHERE n < 20), c AS (SELECT k FROM things) SELECT c.k FROM c JOIN r ON r.n = c.k ORDER BY 1;
WITH RECURSIVE r AS (SELECT DATE '2024-02-27' AS d UNION ALL SELECT d + INTERVAL 1 DAY FROM r WHERE d < '2024-03-02') SELECT r.d, COUNT(t.k) FROM r LEFT JOIN things t ON t.day = r.d GROUP BY r.d ORDER BY r.d;
WITH RECURSIVE r AS (SELECT k FROM parts WHERE k = 1 AND n = 0 UNION SELECT r.k + 1 FROM r WHERE r.k < 6) SELECT p.k, SUM(p.qty) FROM r JOIN parts p ON p.k = r.k GROUP BY p.k ORDER BY p.k;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT a.n, b.n FROM r a JOIN r b ON a.n < b.n JOIN things t ON t.k = b.n ORDER BY 1, 2;

-- A table that is named and never read.
WITH unused AS (SELECT * FROM ledger) SELECT k, money FROM things WHERE big IS NULL;
WITH unused AS (SELECT k, COUNT(*) AS c FROM ledger GROUP BY k), c AS (SELECT user_id AS g, COUNT(*) AS c FROM orders GROUP BY user_id) SELECT l.id, c.c FROM lumped l JOIN c ON c.g = l.id;
WITH unused AS (SELECT * FROM ledger), other AS (SELECT * FROM audit_log) SELECT COUNT(*) FROM things;
WITH unused AS (SELECT * FROM ledger) SELECT * FROM colors;

-- One that is read twice, beside a table of another place.
WITH c1 AS (SELECT id, born FROM users) SELECT b.id, l.k + 1 AS k, MIN(l.id) AS m FROM c1 AS a JOIN c1 AS b ON b.born = a.born JOIN ledger AS l ON l.id = b.id GROUP BY b.id, l.k + 1 ORDER BY b.id, k;
WITH c1 AS (SELECT id AS g, COUNT(*) AS c, MAX(id) AS s FROM ledger WHERE k <=> 24 GROUP BY id) SELECT l.id AS x0, l.w AS x1 FROM lumped AS l JOIN orders AS o ON o.id = l.v JOIN c1 ON c1.g = o.id EXCEPT SELECT d.c, NULL FROM c1 AS d UNION SELECT t.k, NULL FROM things AS t WHERE t.span0 >= '10:00:00';
WITH c1 AS (SELECT amount AS g, COUNT(*) AS c, MAX(k) AS s FROM ledger GROUP BY amount) SELECT b.g AS x0, b.g AS x1 FROM c1 AS a JOIN c1 AS b ON b.g = a.g UNION ALL SELECT NULL AS x0, t.money AS x1 FROM things AS t EXCEPT SELECT b.g AS x0, a.g AS x1 FROM c1 AS a LEFT JOIN c1 AS b ON b.g = a.g WHERE a.c = 0;
WITH c1 AS (SELECT id, name FROM users), d AS (SELECT k, v FROM nothing WHERE k = 13 ORDER BY k DESC LIMIT 3) SELECT l.w AS x0, l.id AS x1 FROM c1 JOIN lumped AS l ON l.id = c1.id WHERE c1.id >= 7 AND NOT EXISTS (SELECT 1 FROM things AS t WHERE t.bn = l.w) OR c1.name <=> 'red' ORDER BY c1.name DESC, c1.id, l.id;
