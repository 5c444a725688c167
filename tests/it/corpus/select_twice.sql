-- setup: select_tables.sql
-- Common table expressions that are read more than once.

-- With ENUM and SET columns.
WITH c AS (SELECT en, COUNT(*) AS n FROM things GROUP BY en) SELECT a.en, a.n, b.n FROM c a JOIN c b ON b.en = a.en ORDER BY a.en;
WITH c AS (SELECT en, COUNT(*) AS n FROM things GROUP BY en) SELECT a.en, b.en FROM c a JOIN c b ON b.n <= a.n ORDER BY a.en, b.en DESC;
WITH c AS (SELECT en, tags, SUM(money) AS s FROM things GROUP BY en, tags) SELECT a.en, a.tags + 0, b.tags, b.s FROM c a LEFT JOIN c b ON b.tags = a.tags AND b.en > a.en ORDER BY a.en, a.tags, b.en, b.tags;
WITH c AS (SELECT DISTINCT tags FROM things) SELECT COUNT(*), (SELECT MAX(tags) FROM c) FROM c;
WITH c AS (SELECT DISTINCT tags FROM things) SELECT tags FROM c WHERE tags IN (SELECT tags FROM c WHERE tags LIKE '%a%') ORDER BY tags;
WITH c AS (SELECT en AS size, MIN(k) AS m FROM things GROUP BY en) SELECT size FROM c WHERE m = (SELECT MIN(m) FROM c);
WITH c AS (SELECT t.en, p.n, COUNT(*) AS x FROM things t JOIN parts p ON p.k = t.k GROUP BY t.en, p.n) SELECT a.en, a.n, b.x FROM c a JOIN c b ON b.en = a.en AND b.n > a.n ORDER BY 1, 2, 3;
WITH c AS (SELECT d.en, COUNT(*) AS n FROM (SELECT k, en FROM things WHERE k < 20) d GROUP BY d.en) SELECT a.en, b.n FROM c a JOIN c b ON b.en = a.en ORDER BY a.en;
WITH c AS (SELECT k, en FROM things ORDER BY k LIMIT 5) SELECT a.k, b.en FROM c a JOIN c b ON b.k = a.k + 1 ORDER BY a.k;
WITH c AS (SELECT MIN(en) AS a, MAX(tags) AS b FROM things) SELECT x.a, y.b FROM c x JOIN c y;
WITH c AS (SELECT IF(k > 3, en, NULL) AS a, COUNT(*) AS n FROM things GROUP BY a) SELECT x.a, y.n FROM c x JOIN c y ON y.a = x.a ORDER BY x.a;
WITH c AS (SELECT en FROM things WHERE k < 9 UNION SELECT en FROM things WHERE k > 15) SELECT a.en, b.en FROM c a JOIN c b ON b.en = a.en ORDER BY a.en;
WITH c AS (SELECT en, COUNT(*) AS n FROM things GROUP BY en) SELECT en FROM c UNION ALL SELECT en FROM c ORDER BY en;
SELECT d.en, d.n FROM (SELECT en, COUNT(*) AS n FROM things GROUP BY en) d JOIN ledger l ON l.k = d.n ORDER BY d.en, l.id;
SELECT k FROM things WHERE en = (SELECT en FROM things GROUP BY en ORDER BY COUNT(*) DESC, en LIMIT 1) ORDER BY k;
SELECT l.id, (SELECT t.en FROM things t WHERE t.k = 3) AS en FROM lumped l ORDER BY l.id;
SELECT en FROM (SELECT DISTINCT en FROM things) d WHERE en > 1 ORDER BY en;

-- With strings and deviations of groups.
WITH c AS (SELECT yr, GROUP_CONCAT(k ORDER BY k) AS ks FROM things GROUP BY yr) SELECT a.yr, a.ks, b.ks FROM c a JOIN c b ON b.yr = a.yr ORDER BY a.yr;
WITH c AS (SELECT yr, GROUP_CONCAT(ci ORDER BY k SEPARATOR '|') AS s FROM things GROUP BY yr) SELECT yr FROM c WHERE s = (SELECT MAX(s) FROM c);
WITH c AS (SELECT yr, STDDEV(num) AS s, VAR_SAMP(money) AS v FROM things GROUP BY yr) SELECT a.yr, a.s, b.v FROM c a JOIN c b ON b.yr = a.yr ORDER BY a.yr;
WITH c AS (SELECT STD(dbl) AS s FROM things) SELECT x.s, y.s FROM c x JOIN c y;
WITH c AS (SELECT yr, LENGTH(GROUP_CONCAT(k)) AS n FROM things GROUP BY yr) SELECT a.yr, b.n FROM c a JOIN c b ON b.yr = a.yr ORDER BY a.yr;
WITH c AS (SELECT yr, JSON_ARRAYAGG(k) AS j FROM things GROUP BY yr) SELECT a.yr, JSON_LENGTH(b.j) FROM c a JOIN c b ON b.yr = a.yr ORDER BY a.yr;
WITH c AS (SELECT COUNT(DISTINCT en, tags) AS n, BIT_XOR(num) AS x FROM things) SELECT a.n, b.x FROM c a JOIN c b;
SELECT l.id, (SELECT GROUP_CONCAT(k ORDER BY k) FROM things) AS ks FROM lumped l ORDER BY l.id;
SELECT l.id, (SELECT STD(num) FROM things) AS s FROM lumped l ORDER BY l.id;
SELECT yr, ks FROM (SELECT yr, GROUP_CONCAT(k ORDER BY k) AS ks FROM things GROUP BY yr) d WHERE ks LIKE '%1%' ORDER BY yr;

-- With a list of columns, and one that reads another.
WITH c (a, b) AS (SELECT yr, COUNT(*) FROM things GROUP BY yr UNION SELECT 1, 2) SELECT x.a, y.b FROM c x JOIN c y ON y.a = x.a ORDER BY x.a, y.b;
WITH c (`k k`, K2) AS (SELECT DISTINCT yr, tiny > 3 FROM things) SELECT x.k2, `k k` FROM c x WHERE K2 IN (SELECT k2 FROM c) ORDER BY 1, 2;
SELECT d.a, d.b FROM (SELECT en, COUNT(*) FROM things GROUP BY en) AS d (a, b) JOIN lumped l ON l.id = d.b ORDER BY d.a, l.id; -- mysql
WITH c (a, b) AS (SELECT yr, COUNT(*) FROM things GROUP BY yr) SELECT x.a, y.b FROM c x JOIN c y ON y.a = x.a ORDER BY x.a;
WITH c (a, b) AS (SELECT en, COUNT(*) FROM things GROUP BY en) SELECT x.a, y.b FROM c x JOIN c y ON y.a = x.a ORDER BY x.a;
WITH c AS (SELECT k, money FROM things WHERE k < 9), d AS (SELECT k, money FROM c WHERE money > 0) SELECT x.k, y.money FROM d x JOIN d y ON y.k = x.k ORDER BY x.k;
WITH c AS (SELECT en, COUNT(*) AS n FROM things GROUP BY en), d AS (SELECT en, n FROM c WHERE n > 1) SELECT x.en, c.n FROM d x JOIN c ON c.en = x.en ORDER BY 1;

-- What is the least of an ENUM is one as well.
SELECT d.yr, d.m FROM (SELECT yr, MIN(en) AS m FROM things GROUP BY yr) d ORDER BY d.m, d.yr;
SELECT d.m, COUNT(*) FROM (SELECT yr, MAX(tags) AS m FROM things GROUP BY yr) d GROUP BY d.m ORDER BY d.m;
SELECT d.m + 0, d.m > 'medium' FROM (SELECT yr, MIN(en) AS m FROM things GROUP BY yr) d ORDER BY 1, 2;
SELECT yr, MIN(en) AS m FROM things GROUP BY yr HAVING m > 'a' ORDER BY m DESC, yr;
SELECT yr, MIN(en) AS m, MIN(en) + 0 FROM things GROUP BY yr HAVING COUNT(*) > 0 ORDER BY m, yr;
SELECT DISTINCT MIN(en) AS m FROM things GROUP BY yr ORDER BY m;
SELECT DISTINCT MAX(tags) AS m, COUNT(*) > 1 AS n FROM things GROUP BY yr ORDER BY m, n;
WITH c AS (SELECT yr, COALESCE(en, en) AS m, COUNT(*) FROM things GROUP BY yr, m) SELECT a.m, b.m FROM c a JOIN c b ON b.yr = a.yr ORDER BY a.m, b.m;
WITH c AS (SELECT k, FIRST_VALUE(en) OVER (PARTITION BY yr ORDER BY k) AS m FROM things ORDER BY k LIMIT 6) SELECT a.m, b.m FROM c a JOIN c b ON b.k = a.k ORDER BY a.m, b.m;
WITH c AS (SELECT * FROM things ORDER BY k LIMIT 3) SELECT a.k, a.en, b.tags, b.money FROM c a JOIN c b ON b.en = a.en ORDER BY a.k, b.k;
WITH c AS (SELECT MIN(DISTINCT en) AS m, MAX(UPPER(en)) AS u FROM things) SELECT a.m, b.u FROM c a JOIN c b;
