-- setup: select_tables.sql
-- Statements that are wrong, and errors while they run.

-- Names that are ambiguous (1052), unknown (1054), or of no table (1051, 1146).
SELECT k FROM things JOIN parts ON things.k = parts.k;
SELECT id FROM users, lumped;
SELECT money FROM things a JOIN things b ON a.k = b.k;
SELECT things.k FROM things JOIN parts ON k = n;
SELECT things.k FROM things JOIN lumped ON lumped.id = things.k ORDER BY v, nope;
SELECT a.k, b.k FROM things a JOIN things b ON a.k = b.k ORDER BY k;
SELECT a.k, b.k FROM things a JOIN things b ON a.k = b.k GROUP BY k;
SELECT a.k FROM things a JOIN things b ON a.k = b.k WHERE k = 3;
SELECT * FROM things JOIN parts USING (nope);
SELECT * FROM things JOIN lumped USING (k);
SELECT nope FROM things;
SELECT things.nope FROM things;
SELECT nope.k FROM things;
SELECT t.k FROM things;
SELECT k FROM things WHERE nope = 1;
SELECT k FROM things ORDER BY nope;
SELECT k FROM things GROUP BY nope;
SELECT COUNT(*) FROM things HAVING nope > 1;
SELECT k FROM things WHERE k IN (SELECT nope FROM lumped);
SELECT k FROM things WHERE EXISTS (SELECT 1 FROM lumped WHERE nope = 1);
SELECT k, (SELECT x.y FROM lumped) FROM things;
SELECT d.nope FROM (SELECT k FROM things) d;
SELECT k FROM (SELECT k AS x FROM things) d;
WITH c AS (SELECT k FROM things) SELECT nope FROM c;
WITH c (a) AS (SELECT k FROM things) SELECT k FROM c;
SELECT k FROM things UNION SELECT nope FROM lumped;
SELECT k, ROW_NUMBER() OVER (ORDER BY nope) FROM things;
SELECT k, ROW_NUMBER() OVER w FROM things;
SELECT GROUP_CONCAT(nope) FROM things;
SELECT SUM(nope) FROM things JOIN lumped ON lumped.id = things.k;
SELECT * FROM no_such_table;
SELECT * FROM things JOIN no_such_table ON TRUE;
SELECT k FROM things WHERE k IN (SELECT id FROM no_such_table);
SELECT * FROM no_such_db.things;
SELECT no_such_function(k) FROM things;
SELECT COUNT(*) FROM things ORDER BY 2;
SELECT k FROM things ORDER BY 3;
SELECT k FROM things GROUP BY 2;
SELECT k FROM things ORDER BY 0;

-- Aggregates and windows where they may not be.
SELECT k FROM things WHERE COUNT(*) > 1;
SELECT k FROM things WHERE SUM(money) > 1;
SELECT SUM(COUNT(*)) FROM things;
SELECT MAX(MIN(k)) FROM things GROUP BY yr;
SELECT k FROM things GROUP BY COUNT(*);
SELECT yr, COUNT(*) FROM things GROUP BY COUNT(*);
SELECT k FROM things WHERE RANK() OVER (ORDER BY k) < 3;
SELECT COUNT(*) FROM things GROUP BY RANK() OVER (ORDER BY k);
SELECT k FROM things HAVING RANK() OVER (ORDER BY k) < 3;
SELECT SUM(RANK() OVER (ORDER BY k)) FROM things;
SELECT LAG(k) FROM things;
SELECT RANK() OVER (ORDER BY k ROWS 'x' PRECEDING) FROM things;

-- Subqueries and sets of the wrong shape.
SELECT k FROM things WHERE k = (SELECT id, v FROM lumped);
SELECT k FROM things WHERE k IN (SELECT id, v FROM lumped);
SELECT k FROM things WHERE (k, yr) IN (SELECT id FROM lumped);
SELECT k FROM things WHERE (k, yr) = (SELECT id FROM lumped);
SELECT (SELECT k, money FROM things WHERE k = 3);
SELECT (SELECT k FROM things);
SELECT k FROM things WHERE money = (SELECT money FROM things);
SELECT k FROM things WHERE k = (SELECT id FROM lumped WHERE id > 0);
SELECT k, money FROM things UNION SELECT id FROM lumped;
SELECT k FROM things INTERSECT SELECT id, v FROM lumped;
SELECT k FROM things ORDER BY k UNION SELECT id FROM lumped;
SELECT k FROM things LIMIT 3 UNION SELECT id FROM lumped;
SELECT * FROM (SELECT k FROM things);
SELECT * FROM (SELECT k, k FROM things) d;
SELECT k FROM things LIMIT -1;
SELECT k FROM things LIMIT 1.5; -- text-only
SELECT k FROM things LIMIT k;
SELECT k FROM things WHERE;
SELECT FROM things;
SELECT k FROM things GROUP BY;
SELECT k FROM things t, things t;
SELECT k FROM things, things;
SELECT * FROM things t JOIN lumped t ON TRUE;
WITH c AS (SELECT 1), c AS (SELECT 2) SELECT * FROM c;
WITH c AS (SELECT * FROM c) SELECT * FROM c;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r JOIN things t ON t.k = r.n; -- mysql
WITH RECURSIVE r AS (SELECT n FROM r) SELECT * FROM r;
SELECT k FROM things WHERE ci = bn;
SELECT a.k FROM things a JOIN things b ON a.ci = b.ai;
SELECT ci FROM things UNION SELECT ai FROM things;
SELECT CONCAT(ci, ai) FROM things WHERE k = 3;
SELECT CAST(huge AS SIGNED) FROM things WHERE k < 3; -- any-warnings
SELECT EXP(big) FROM things WHERE big > 100;
SELECT ubig + ubig FROM things WHERE ubig > 9223372036854775808;
SELECT t.big + l.id FROM things t JOIN lumped l ON TRUE WHERE t.big > 9223372036854775800;
SELECT t.big * t.big FROM things t JOIN lumped l ON TRUE;
SELECT ST_GeomFromText('nothing') FROM things;
SELECT k FROM things WHERE bn REGEXP '(';
SELECT JSON_EXTRACT(js, 'nothing') FROM things WHERE js IS NOT NULL;
SELECT t.k FROM things t JOIN lumped l ON l.w REGEXP '[';
SELECT 1 / 0 AS x, t.k FROM things t JOIN lumped l ON l.id = t.k ORDER BY t.k;
SELECT CAST('x' AS SIGNED) AS x, t.k FROM things t JOIN lumped l ON l.id = t.k ORDER BY t.k; -- any-warnings
SELECT DATE('nonsense') AS x, t.k FROM things t JOIN lumped l ON l.id = t.k ORDER BY t.k; -- any-warnings

-- ONLY_FULL_GROUP_BY (1055, 1140).
SET SESSION sql_mode = CONCAT(@@sql_mode, ',ONLY_FULL_GROUP_BY');
SELECT yr, money FROM things GROUP BY yr;
SELECT yr, COUNT(*) FROM things;
SELECT k, COUNT(*) FROM things HAVING COUNT(*) > 0;
SELECT yr, MAX(k) FROM things GROUP BY yr ORDER BY money; -- mysql
SELECT yr FROM things GROUP BY yr HAVING money > 1;
SELECT t.yr, l.id FROM things t JOIN lumped l ON l.id = t.k GROUP BY t.yr;
SELECT yr, (SELECT MAX(id) FROM lumped WHERE id < k) FROM things GROUP BY yr;
SELECT DISTINCT yr FROM things ORDER BY money; -- mysql
SELECT d.yr, d.k FROM (SELECT yr, k FROM things) d GROUP BY d.yr;
SELECT * FROM things GROUP BY yr;
SELECT k, money FROM things GROUP BY k ORDER BY k;
SELECT yr + 1, COUNT(*) FROM things GROUP BY yr ORDER BY 1;
SELECT MAX(k), yr AS y FROM things GROUP BY y ORDER BY y;
SELECT u.id, u.name, COUNT(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY u.id; -- mysql
SELECT u.id, MAX(u.name), COUNT(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY u.id;
SELECT o.product_id, o.status, COUNT(*) FROM orders o JOIN things t ON t.k = o.product_id GROUP BY o.product_id;
SELECT k FROM things UNION SELECT v FROM lumped GROUP BY id;
SELECT yr, RANK() OVER (ORDER BY money) FROM things GROUP BY yr;
