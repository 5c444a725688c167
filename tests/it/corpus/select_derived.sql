-- setup: select_tables.sql
-- Derived tables, LATERAL, JSON_TABLE.

-- Derived tables.
SELECT * FROM (SELECT k, money FROM things) d ORDER BY k;
SELECT d.m FROM (SELECT MAX(money) AS m FROM things) d;
SELECT COUNT(*) FROM (SELECT DISTINCT yr, en FROM things) d;
SELECT AVG(n), MAX(n), MIN(s) FROM (SELECT yr, COUNT(*) AS n, SUM(money) AS s FROM things GROUP BY yr) d;
SELECT yr, n FROM (SELECT yr, COUNT(*) AS n FROM things GROUP BY yr) d WHERE n > 3 ORDER BY yr;
SELECT k FROM (SELECT k FROM things ORDER BY money DESC, k LIMIT 5) d ORDER BY k;
SELECT k FROM (SELECT k FROM things ORDER BY k LIMIT 5, 5) d ORDER BY k DESC;
SELECT SUM(money) FROM (SELECT money FROM things ORDER BY k LIMIT 10) d;
SELECT a.k, b.k FROM (SELECT k FROM things WHERE k < 5) a JOIN (SELECT k FROM things WHERE k > 2) b ON a.k = b.k ORDER BY 1;
SELECT a.yr, a.n, b.n FROM (SELECT yr, COUNT(*) AS n FROM things GROUP BY yr) a LEFT JOIN (SELECT yr, COUNT(*) AS n FROM things WHERE en = 'Large' GROUP BY yr) b ON b.yr = a.yr ORDER BY a.yr;
SELECT t.k, d.n FROM things t JOIN (SELECT k, COUNT(*) AS n FROM parts GROUP BY k) d ON d.k = t.k ORDER BY t.k;
SELECT t.k, d.n FROM things t LEFT JOIN (SELECT n, COUNT(*) AS c FROM parts GROUP BY n) d ON d.n = t.k ORDER BY t.k;
SELECT t.k, d.m FROM things t CROSS JOIN (SELECT MAX(id) AS m FROM lumped) d ORDER BY t.k;
SELECT t.k FROM things t, (SELECT AVG(money) AS a FROM things) d WHERE t.money > d.a ORDER BY t.k;
SELECT t.k FROM things t JOIN (SELECT yr, MAX(money) AS m FROM things GROUP BY yr) d ON d.yr = t.yr AND d.m = t.money ORDER BY t.k;
SELECT o.id FROM orders o JOIN (SELECT user_id, MAX(total) AS m FROM orders GROUP BY user_id) d ON d.user_id = o.user_id AND d.m = o.total ORDER BY o.id;
SELECT u.id, d.s FROM users u JOIN (SELECT user_id, SUM(total) AS s FROM orders GROUP BY user_id HAVING s > 200) d ON d.user_id = u.id ORDER BY u.id;
SELECT p.name, d.s FROM products p JOIN (SELECT product_id, SUM(total) AS s FROM orders GROUP BY product_id) d ON d.product_id = p.id ORDER BY p.id;
SELECT d.x, COUNT(*) FROM (SELECT k % 3 AS x FROM things) d GROUP BY d.x ORDER BY d.x;
SELECT MAX(x) FROM (SELECT MAX(k) AS x FROM (SELECT k, yr FROM things WHERE k < 20) e GROUP BY yr) d;
SELECT * FROM (SELECT * FROM (SELECT * FROM lumped) a) b ORDER BY id;
SELECT * FROM (SELECT * FROM nothing) d;
SELECT * FROM (SELECT * FROM nothing) d RIGHT JOIN lumped l ON l.id = d.k ORDER BY l.id;
SELECT * FROM (SELECT 1 AS a, 2 AS b) d;
SELECT d.a, t.k FROM (SELECT 3 AS a) d JOIN things t ON t.k = d.a;
SELECT d.a, t.k FROM (SELECT 3 AS a UNION SELECT 4) d LEFT JOIN things t ON t.k = d.a ORDER BY 1;
SELECT k FROM (SELECT k, money FROM things) d WHERE money > (SELECT AVG(money) FROM things) ORDER BY k;
SELECT k FROM (SELECT k FROM things WHERE k IN (SELECT id FROM lumped)) d ORDER BY k;
SELECT d.k, (SELECT MAX(n) FROM parts p WHERE p.k = d.k) AS m FROM (SELECT k FROM things WHERE k < 9) d ORDER BY d.k;
SELECT d.k FROM (SELECT t.k FROM things t JOIN lumped l ON l.id = t.k) d JOIN users u ON u.id = d.k ORDER BY 1;
SELECT d.k, d.label FROM (SELECT t.k, p.label, p.n FROM things t JOIN parts p ON p.k = t.k) d WHERE d.label = 'gear' ORDER BY d.k, d.n;
SELECT d.* FROM (SELECT k, ci, bn, ai, la, en, tags FROM things WHERE k BETWEEN 2 AND 12) d ORDER BY d.k;
SELECT d.* FROM (SELECT k, day, moment, noon, stamp, span, span0, yr FROM things WHERE k BETWEEN 2 AND 12 ORDER BY k LIMIT 20) d ORDER BY d.k;
SELECT d.* FROM (SELECT k, tiny, utiny, small, usmall, med, umed, num, unum, big, ubig FROM things ORDER BY k LIMIT 9) d ORDER BY d.k;
SELECT d.* FROM (SELECT k, huge, money, flt, dbl, bits FROM things ORDER BY k LIMIT 9) d ORDER BY d.k;
SELECT d.k FROM (SELECT k, ci FROM things ORDER BY k LIMIT 50) d WHERE d.ci = 'BOB' ORDER BY d.k;
SELECT d.k FROM (SELECT k, ai FROM things ORDER BY k LIMIT 50) d WHERE d.ai = 'STRASSE' ORDER BY d.k;
SELECT d.k FROM (SELECT k, la FROM things ORDER BY k LIMIT 50) d WHERE d.la = 'BOB' ORDER BY d.k;
SELECT d.k FROM (SELECT k, bn FROM things ORDER BY k LIMIT 50) d WHERE d.bn = 'bob' ORDER BY d.k;
SELECT d.k FROM (SELECT k, vbin FROM things ORDER BY k LIMIT 50) d WHERE d.vbin = 'a' ORDER BY d.k;
SELECT d.k FROM (SELECT k, huge FROM things ORDER BY k LIMIT 50) d WHERE d.huge < 0 ORDER BY d.k;
SELECT d.k FROM (SELECT k, stamp FROM things ORDER BY k LIMIT 50) d WHERE d.stamp > '2020-01-15 12:00:00.123' ORDER BY d.k;
SELECT d.x FROM (SELECT k + 0.5 AS x FROM things WHERE k < 4) d ORDER BY d.x;
SELECT d.x FROM (SELECT CONCAT(bn, ci) AS x, k FROM things) d ORDER BY d.k;
SELECT d.x FROM (SELECT NULL AS x FROM things) d;
SELECT d.x FROM (SELECT money * 1.5 AS x, k FROM things ORDER BY k LIMIT 100) d ORDER BY d.k;
SELECT d.s FROM (SELECT SUM(huge) AS s FROM things) d;
SELECT d.s + 1 FROM (SELECT SUM(money) AS s, AVG(money) AS a FROM things) d;
SELECT d.g FROM (SELECT GROUP_CONCAT(k ORDER BY k) AS g FROM things) d;
SELECT COUNT(*) FROM (SELECT k FROM things GROUP BY k HAVING COUNT(*) = 1) d;
SELECT d.yr, d.n FROM (SELECT yr, COUNT(*) AS n FROM things GROUP BY yr WITH ROLLUP) d WHERE d.yr IS NULL ORDER BY d.n;
SELECT a.k, b.id, c.id FROM (SELECT k FROM things) a JOIN (SELECT id FROM lumped) b ON b.id = a.k JOIN (SELECT id FROM ledger) c ON c.id = b.id ORDER BY 1;
SELECT a.id, b.id FROM (SELECT id FROM ledger) a JOIN (SELECT id FROM audit_log) b ON a.id = b.id JOIN things t ON t.k = a.id ORDER BY 1;

-- LATERAL and JSON_TABLE.
SELECT t.k, d.m FROM things t, LATERAL (SELECT MAX(p.qty) AS m FROM parts p WHERE p.k = t.k) d ORDER BY t.k; -- mysql
SELECT t.k, d.n FROM things t JOIN LATERAL (SELECT p.n FROM parts p WHERE p.k = t.k ORDER BY p.n LIMIT 1) d ON TRUE ORDER BY t.k; -- mysql
SELECT t.k, d.n FROM things t LEFT JOIN LATERAL (SELECT p.n FROM parts p WHERE p.k = t.k ORDER BY p.n DESC LIMIT 1) d ON TRUE ORDER BY t.k; -- mysql
SELECT t.k, d.id FROM things t JOIN LATERAL (SELECT l.id FROM lumped l WHERE l.id > t.k ORDER BY l.id LIMIT 1) d ON TRUE ORDER BY t.k; -- mysql
SELECT t.k, d.c FROM things t JOIN LATERAL (SELECT COUNT(*) AS c FROM things u WHERE u.money > t.money) d ON TRUE ORDER BY t.k; -- mysql
SELECT u.id, d.id, d.total FROM users u JOIN LATERAL (SELECT o.id, o.total FROM orders o WHERE o.user_id = u.id ORDER BY o.total DESC, o.id LIMIT 2) d ON TRUE ORDER BY 1, 2; -- mysql
SELECT u.id, d.s FROM users u, LATERAL (SELECT SUM(i.price) AS s FROM order_items i WHERE i.product_id = u.id) d ORDER BY 1; -- mysql
SELECT t.k, e.x FROM things t, LATERAL (SELECT t.k + 1 AS y) d, LATERAL (SELECT d.y * 2 AS x) e ORDER BY t.k; -- mysql
SELECT t.k, j.v FROM things t, JSON_TABLE(t.js, '$[*]' COLUMNS (v INT PATH '$')) AS j WHERE JSON_TYPE(t.js) = 'ARRAY' ORDER BY t.k, j.v;
SELECT t.k, j.a FROM things t JOIN JSON_TABLE(t.js, '$' COLUMNS (a VARCHAR(20) PATH '$.a')) AS j ON TRUE WHERE JSON_TYPE(t.js) = 'OBJECT' AND t.k < 9 ORDER BY t.k;
SELECT j.v, t.money FROM JSON_TABLE('[1, 3, 5]', '$[*]' COLUMNS (v INT PATH '$')) AS j JOIN things t ON t.k = j.v ORDER BY j.v;
SELECT j.v, t.money FROM JSON_TABLE('[1, 3, 5, 500]', '$[*]' COLUMNS (v INT PATH '$')) AS j LEFT JOIN things t ON t.k = j.v ORDER BY j.v;
SELECT j.v, l.w FROM JSON_TABLE('[2, 3, 500]', '$[*]' COLUMNS (v INT PATH '$', n FOR ORDINALITY)) AS j LEFT JOIN lumped l ON l.id = j.v ORDER BY j.n;
SELECT COUNT(*) FROM JSON_TABLE('[2, 3, 5]', '$[*]' COLUMNS (v INT PATH '$')) AS j;
SELECT * FROM JSON_TABLE('[{"a": 1}, {"a": 2}]', '$[*]' COLUMNS (a INT PATH '$.a')) AS j;
SELECT k FROM things WHERE k IN (SELECT v FROM JSON_TABLE('[2, 3, 5]', '$[*]' COLUMNS (v INT PATH '$')) AS j) ORDER BY k;

-- What a server would not see through, it does not see through when its rows are there already.
SELECT t1.g AS x0, t3.k AS x1, DENSE_RANK() OVER (ORDER BY t1.g DESC, t3.k) AS w0, SUM(t1.c) OVER (PARTITION BY t3.huge ORDER BY t1.g DESC, t3.k) AS w1 FROM (SELECT n2.day AS g, COUNT(*) AS c, MIN(n2.moment) AS s FROM things AS n2 WHERE (n2.txt <> 'BOLT' OR n2.ch = 'red') GROUP BY n2.day) AS t1 RIGHT JOIN things AS t3 ON t3.k = t1.c WHERE t1.c IN (SELECT q4.v FROM lumped AS q4) ORDER BY t1.g, t3.k LIMIT 2;
SELECT t1.g * 2 AS g0, ROUND(STDDEV_POP(t1.c), 3) AS s0, GROUP_CONCAT(DISTINCT t1.c ORDER BY t1.c) AS s1 FROM (SELECT n2.money AS g, COUNT(*) AS c, BIT_XOR(n2.num) AS s FROM things AS n2 GROUP BY n2.money) AS t1 WHERE t1.c <> 7 GROUP BY t1.g * 2 WITH ROLLUP;
WITH c1 AS (SELECT n1.k AS g, COUNT(*) AS c, MAX(n1.yr + 1) AS s FROM things AS n1 GROUP BY n1.k) SELECT CASE WHEN t5.c > 5 THEN 'more' ELSE 'less' END AS g0, COUNT(t6.w) AS s0, COUNT(DISTINCT t6.v, t5.g) AS s1 FROM c1 AS t5 JOIN lumped AS t6 ON t6.v = t5.c GROUP BY CASE WHEN t5.c > 5 THEN 'more' ELSE 'less' END WITH ROLLUP;
WITH c1 AS (SELECT n1.k, n1.n, n1.made FROM parts AS n1) SELECT t3.made AS g0, t4.k + 1 AS g1, AVG(t4.n) AS s0, SUM(t3.n) AS s1, MAX(t2.n % 3) AS s2 FROM c1 AS t2 JOIN c1 AS t3 ON t3.n = t2.k JOIN c1 AS t4 ON t4.k = t3.k AND t3.k <= 0 GROUP BY t3.made, t4.k + 1 WITH ROLLUP;
WITH c1 AS (SELECT n1.n AS g, COUNT(*) AS c, MAX(MONTH(n1.made)) AS s FROM parts AS n1 WHERE NOT (n1.n IS NULL AND n1.qty = 3) GROUP BY n1.n) SELECT CASE WHEN t2.c > 5 THEN 'more' ELSE 'less' END AS g0, CASE WHEN t2.c > 5 THEN 'more' ELSE 'less' END AS g1, COUNT(DISTINCT t2.g, t2.g + 1) AS s0 FROM c1 AS t2 GROUP BY CASE WHEN t2.c > 5 THEN 'more' ELSE 'less' END, CASE WHEN t2.c > 5 THEN 'more' ELSE 'less' END WITH ROLLUP;
-- The name of a column may be longer than a table's.
SELECT t1.age AS x0, (SELECT COUNT(DISTINCT CASE WHEN q2.user_id > 5 THEN 'more' ELSE 'less' END) FROM order_items AS q2) AS x1, t1.email AS x2 FROM users AS t1 WHERE t1.balance <> 47.05 AND t1.balance < 99.999 ORDER BY t1.name, t1.id;
