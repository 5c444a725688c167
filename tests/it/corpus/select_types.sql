-- setup: select_tables.sql
-- Every column type in every place where rows of several shards meet.

-- tiny
SELECT COUNT(tiny), COUNT(DISTINCT tiny), MIN(tiny), MAX(tiny) FROM things;
SELECT tiny, COUNT(*), MIN(k) FROM things GROUP BY tiny ORDER BY tiny;
SELECT DISTINCT tiny FROM things ORDER BY tiny DESC;
SELECT SUM(tiny), AVG(tiny), SUM(DISTINCT tiny), AVG(DISTINCT tiny) FROM things;
SELECT yr, SUM(tiny), AVG(tiny) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, tiny FROM things ORDER BY tiny, k;
SELECT a.k, b.k, b.tiny FROM things a JOIN things b ON a.tiny = b.tiny AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE tiny IN (SELECT tiny FROM things WHERE k > 15) ORDER BY k;
SELECT k, tiny FROM things WHERE tiny = (SELECT tiny FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(tiny) OVER (ORDER BY k) AS p, FIRST_VALUE(tiny) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT tiny AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT tiny FROM things WHERE k < 12 UNION SELECT tiny FROM things WHERE k > 9;
SELECT l.id, t.tiny FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, tiny AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(tiny, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- utiny
SELECT COUNT(utiny), COUNT(DISTINCT utiny), MIN(utiny), MAX(utiny) FROM things;
SELECT utiny, COUNT(*), MIN(k) FROM things GROUP BY utiny ORDER BY utiny;
SELECT DISTINCT utiny FROM things ORDER BY utiny DESC;
SELECT SUM(utiny), AVG(utiny), SUM(DISTINCT utiny), AVG(DISTINCT utiny) FROM things;
SELECT yr, SUM(utiny), AVG(utiny) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, utiny FROM things ORDER BY utiny, k;
SELECT a.k, b.k, b.utiny FROM things a JOIN things b ON a.utiny = b.utiny AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE utiny IN (SELECT utiny FROM things WHERE k > 15) ORDER BY k;
SELECT k, utiny FROM things WHERE utiny = (SELECT utiny FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(utiny) OVER (ORDER BY k) AS p, FIRST_VALUE(utiny) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT utiny AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT utiny FROM things WHERE k < 12 UNION SELECT utiny FROM things WHERE k > 9;
SELECT l.id, t.utiny FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, utiny AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(utiny, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- small
SELECT COUNT(small), COUNT(DISTINCT small), MIN(small), MAX(small) FROM things;
SELECT small, COUNT(*), MIN(k) FROM things GROUP BY small ORDER BY small;
SELECT DISTINCT small FROM things ORDER BY small DESC;
SELECT SUM(small), AVG(small), SUM(DISTINCT small), AVG(DISTINCT small) FROM things;
SELECT yr, SUM(small), AVG(small) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, small FROM things ORDER BY small, k;
SELECT a.k, b.k, b.small FROM things a JOIN things b ON a.small = b.small AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE small IN (SELECT small FROM things WHERE k > 15) ORDER BY k;
SELECT k, small FROM things WHERE small = (SELECT small FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(small) OVER (ORDER BY k) AS p, FIRST_VALUE(small) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT small AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT small FROM things WHERE k < 12 UNION SELECT small FROM things WHERE k > 9;
SELECT l.id, t.small FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, small AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(small, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- usmall
SELECT COUNT(usmall), COUNT(DISTINCT usmall), MIN(usmall), MAX(usmall) FROM things;
SELECT usmall, COUNT(*), MIN(k) FROM things GROUP BY usmall ORDER BY usmall;
SELECT DISTINCT usmall FROM things ORDER BY usmall DESC;
SELECT SUM(usmall), AVG(usmall), SUM(DISTINCT usmall), AVG(DISTINCT usmall) FROM things;
SELECT yr, SUM(usmall), AVG(usmall) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, usmall FROM things ORDER BY usmall, k;
SELECT a.k, b.k, b.usmall FROM things a JOIN things b ON a.usmall = b.usmall AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE usmall IN (SELECT usmall FROM things WHERE k > 15) ORDER BY k;
SELECT k, usmall FROM things WHERE usmall = (SELECT usmall FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(usmall) OVER (ORDER BY k) AS p, FIRST_VALUE(usmall) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT usmall AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT usmall FROM things WHERE k < 12 UNION SELECT usmall FROM things WHERE k > 9;
SELECT l.id, t.usmall FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, usmall AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(usmall, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- med
SELECT COUNT(med), COUNT(DISTINCT med), MIN(med), MAX(med) FROM things;
SELECT med, COUNT(*), MIN(k) FROM things GROUP BY med ORDER BY med;
SELECT DISTINCT med FROM things ORDER BY med DESC;
SELECT SUM(med), AVG(med), SUM(DISTINCT med), AVG(DISTINCT med) FROM things;
SELECT yr, SUM(med), AVG(med) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, med FROM things ORDER BY med, k;
SELECT a.k, b.k, b.med FROM things a JOIN things b ON a.med = b.med AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE med IN (SELECT med FROM things WHERE k > 15) ORDER BY k;
SELECT k, med FROM things WHERE med = (SELECT med FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(med) OVER (ORDER BY k) AS p, FIRST_VALUE(med) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT med AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT med FROM things WHERE k < 12 UNION SELECT med FROM things WHERE k > 9;
SELECT l.id, t.med FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, med AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(med, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- umed
SELECT COUNT(umed), COUNT(DISTINCT umed), MIN(umed), MAX(umed) FROM things;
SELECT umed, COUNT(*), MIN(k) FROM things GROUP BY umed ORDER BY umed;
SELECT DISTINCT umed FROM things ORDER BY umed DESC;
SELECT SUM(umed), AVG(umed), SUM(DISTINCT umed), AVG(DISTINCT umed) FROM things;
SELECT yr, SUM(umed), AVG(umed) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, umed FROM things ORDER BY umed, k;
SELECT a.k, b.k, b.umed FROM things a JOIN things b ON a.umed = b.umed AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE umed IN (SELECT umed FROM things WHERE k > 15) ORDER BY k;
SELECT k, umed FROM things WHERE umed = (SELECT umed FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(umed) OVER (ORDER BY k) AS p, FIRST_VALUE(umed) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT umed AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT umed FROM things WHERE k < 12 UNION SELECT umed FROM things WHERE k > 9;
SELECT l.id, t.umed FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, umed AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(umed, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- num
SELECT COUNT(num), COUNT(DISTINCT num), MIN(num), MAX(num) FROM things;
SELECT num, COUNT(*), MIN(k) FROM things GROUP BY num ORDER BY num;
SELECT DISTINCT num FROM things ORDER BY num DESC;
SELECT SUM(num), AVG(num), SUM(DISTINCT num), AVG(DISTINCT num) FROM things;
SELECT yr, SUM(num), AVG(num) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, num FROM things ORDER BY num, k;
SELECT a.k, b.k, b.num FROM things a JOIN things b ON a.num = b.num AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE num IN (SELECT num FROM things WHERE k > 15) ORDER BY k;
SELECT k, num FROM things WHERE num = (SELECT num FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(num) OVER (ORDER BY k) AS p, FIRST_VALUE(num) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT num AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT num FROM things WHERE k < 12 UNION SELECT num FROM things WHERE k > 9;
SELECT l.id, t.num FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, num AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(num, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- unum
SELECT COUNT(unum), COUNT(DISTINCT unum), MIN(unum), MAX(unum) FROM things;
SELECT unum, COUNT(*), MIN(k) FROM things GROUP BY unum ORDER BY unum;
SELECT DISTINCT unum FROM things ORDER BY unum DESC;
SELECT SUM(unum), AVG(unum), SUM(DISTINCT unum), AVG(DISTINCT unum) FROM things;
SELECT yr, SUM(unum), AVG(unum) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, unum FROM things ORDER BY unum, k;
SELECT a.k, b.k, b.unum FROM things a JOIN things b ON a.unum = b.unum AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE unum IN (SELECT unum FROM things WHERE k > 15) ORDER BY k;
SELECT k, unum FROM things WHERE unum = (SELECT unum FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(unum) OVER (ORDER BY k) AS p, FIRST_VALUE(unum) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT unum AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT unum FROM things WHERE k < 12 UNION SELECT unum FROM things WHERE k > 9;
SELECT l.id, t.unum FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, unum AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(unum, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- big
SELECT COUNT(big), COUNT(DISTINCT big), MIN(big), MAX(big) FROM things;
SELECT big, COUNT(*), MIN(k) FROM things GROUP BY big ORDER BY big;
SELECT DISTINCT big FROM things ORDER BY big DESC;
SELECT SUM(big), AVG(big), SUM(DISTINCT big), AVG(DISTINCT big) FROM things;
SELECT yr, SUM(big), AVG(big) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, big FROM things ORDER BY big, k;
SELECT a.k, b.k, b.big FROM things a JOIN things b ON a.big = b.big AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE big IN (SELECT big FROM things WHERE k > 15) ORDER BY k;
SELECT k, big FROM things WHERE big = (SELECT big FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(big) OVER (ORDER BY k) AS p, FIRST_VALUE(big) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT big AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT big FROM things WHERE k < 12 UNION SELECT big FROM things WHERE k > 9;
SELECT l.id, t.big FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, big AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(big, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- ubig
SELECT COUNT(ubig), COUNT(DISTINCT ubig), MIN(ubig), MAX(ubig) FROM things;
SELECT ubig, COUNT(*), MIN(k) FROM things GROUP BY ubig ORDER BY ubig;
SELECT DISTINCT ubig FROM things ORDER BY ubig DESC;
SELECT SUM(ubig), AVG(ubig), SUM(DISTINCT ubig), AVG(DISTINCT ubig) FROM things;
SELECT yr, SUM(ubig), AVG(ubig) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, ubig FROM things ORDER BY ubig, k;
SELECT a.k, b.k, b.ubig FROM things a JOIN things b ON a.ubig = b.ubig AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE ubig IN (SELECT ubig FROM things WHERE k > 15) ORDER BY k;
SELECT k, ubig FROM things WHERE ubig = (SELECT ubig FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(ubig) OVER (ORDER BY k) AS p, FIRST_VALUE(ubig) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT ubig AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT ubig FROM things WHERE k < 12 UNION SELECT ubig FROM things WHERE k > 9;
SELECT l.id, t.ubig FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, ubig AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(ubig, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- huge
SELECT COUNT(huge), COUNT(DISTINCT huge), MIN(huge), MAX(huge) FROM things;
SELECT huge, COUNT(*), MIN(k) FROM things GROUP BY huge ORDER BY huge;
SELECT DISTINCT huge FROM things ORDER BY huge DESC;
SELECT SUM(huge), AVG(huge), SUM(DISTINCT huge), AVG(DISTINCT huge) FROM things;
SELECT yr, SUM(huge), AVG(huge) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, huge FROM things ORDER BY huge, k;
SELECT a.k, b.k, b.huge FROM things a JOIN things b ON a.huge = b.huge AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE huge IN (SELECT huge FROM things WHERE k > 15) ORDER BY k;
SELECT k, huge FROM things WHERE huge = (SELECT huge FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(huge) OVER (ORDER BY k) AS p, FIRST_VALUE(huge) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT huge AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT huge FROM things WHERE k < 12 UNION SELECT huge FROM things WHERE k > 9;
SELECT l.id, t.huge FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, huge AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(huge, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- money
SELECT COUNT(money), COUNT(DISTINCT money), MIN(money), MAX(money) FROM things;
SELECT money, COUNT(*), MIN(k) FROM things GROUP BY money ORDER BY money;
SELECT DISTINCT money FROM things ORDER BY money DESC;
SELECT SUM(money), AVG(money), SUM(DISTINCT money), AVG(DISTINCT money) FROM things;
SELECT yr, SUM(money), AVG(money) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, money FROM things ORDER BY money, k;
SELECT a.k, b.k, b.money FROM things a JOIN things b ON a.money = b.money AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE money IN (SELECT money FROM things WHERE k > 15) ORDER BY k;
SELECT k, money FROM things WHERE money = (SELECT money FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(money) OVER (ORDER BY k) AS p, FIRST_VALUE(money) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT money AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT money FROM things WHERE k < 12 UNION SELECT money FROM things WHERE k > 9;
SELECT l.id, t.money FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, money AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(money, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- flt
SELECT COUNT(flt), COUNT(DISTINCT flt), MIN(flt), MAX(flt) FROM things;
SELECT flt, COUNT(*), MIN(k) FROM things GROUP BY flt ORDER BY flt;
SELECT DISTINCT flt FROM things ORDER BY flt DESC;
SELECT SUM(flt), AVG(flt), SUM(DISTINCT flt), AVG(DISTINCT flt) FROM things;
SELECT k, flt FROM things ORDER BY flt, k;
SELECT a.k, b.k, b.flt FROM things a JOIN things b ON a.flt = b.flt AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE flt IN (SELECT flt FROM things WHERE k > 15) ORDER BY k;
SELECT k, flt FROM things WHERE flt = (SELECT flt FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(flt) OVER (ORDER BY k) AS p, FIRST_VALUE(flt) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT flt AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT flt FROM things WHERE k < 12 UNION SELECT flt FROM things WHERE k > 9;
SELECT l.id, t.flt FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, flt AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(flt, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- dbl
SELECT COUNT(dbl), COUNT(DISTINCT dbl), MIN(dbl), MAX(dbl) FROM things;
SELECT dbl, COUNT(*), MIN(k) FROM things GROUP BY dbl ORDER BY dbl;
SELECT DISTINCT dbl FROM things ORDER BY dbl DESC;
SELECT SUM(dbl), AVG(dbl), SUM(DISTINCT dbl), AVG(DISTINCT dbl) FROM things;
SELECT k, dbl FROM things ORDER BY dbl, k;
SELECT a.k, b.k, b.dbl FROM things a JOIN things b ON a.dbl = b.dbl AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE dbl IN (SELECT dbl FROM things WHERE k > 15) ORDER BY k;
SELECT k, dbl FROM things WHERE dbl = (SELECT dbl FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(dbl) OVER (ORDER BY k) AS p, FIRST_VALUE(dbl) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT dbl AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT dbl FROM things WHERE k < 12 UNION SELECT dbl FROM things WHERE k > 9;
SELECT l.id, t.dbl FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, dbl AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(dbl, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- bits
SELECT COUNT(bits), COUNT(DISTINCT bits), MIN(bits), MAX(bits) FROM things;
SELECT bits, COUNT(*), MIN(k) FROM things GROUP BY bits ORDER BY bits;
SELECT DISTINCT bits FROM things ORDER BY bits DESC;
SELECT SUM(bits), AVG(bits), SUM(DISTINCT bits), AVG(DISTINCT bits) FROM things;
SELECT yr, SUM(bits), AVG(bits) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, bits FROM things ORDER BY bits, k;
SELECT a.k, b.k, b.bits FROM things a JOIN things b ON a.bits = b.bits AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE bits IN (SELECT bits FROM things WHERE k > 15) ORDER BY k;
SELECT k, bits FROM things WHERE bits = (SELECT bits FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(bits) OVER (ORDER BY k) AS p, FIRST_VALUE(bits) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT bits AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT bits FROM things WHERE k < 12 UNION SELECT bits FROM things WHERE k > 9;
SELECT l.id, t.bits FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, bits AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(bits, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- day
SELECT COUNT(day), COUNT(DISTINCT day), MIN(day), MAX(day) FROM things;
SELECT day, COUNT(*), MIN(k) FROM things GROUP BY day ORDER BY day;
SELECT DISTINCT day FROM things ORDER BY day DESC;
SELECT SUM(day), AVG(day) FROM things WHERE k > 3; -- any-warnings
SELECT k, day FROM things ORDER BY day, k;
SELECT a.k, b.k, b.day FROM things a JOIN things b ON a.day = b.day AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE day IN (SELECT day FROM things WHERE k > 15) ORDER BY k;
SELECT k, day FROM things WHERE day = (SELECT day FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(day) OVER (ORDER BY k) AS p, FIRST_VALUE(day) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT day AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT day FROM things WHERE k < 12 UNION SELECT day FROM things WHERE k > 9;
SELECT l.id, t.day FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, day AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(day, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- moment
SELECT COUNT(moment), COUNT(DISTINCT moment), MIN(moment), MAX(moment) FROM things;
SELECT moment, COUNT(*), MIN(k) FROM things GROUP BY moment ORDER BY moment;
SELECT DISTINCT moment FROM things ORDER BY moment DESC;
SELECT SUM(moment), AVG(moment) FROM things WHERE k > 3; -- any-warnings
SELECT k, moment FROM things ORDER BY moment, k;
SELECT a.k, b.k, b.moment FROM things a JOIN things b ON a.moment = b.moment AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE moment IN (SELECT moment FROM things WHERE k > 15) ORDER BY k;
SELECT k, moment FROM things WHERE moment = (SELECT moment FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(moment) OVER (ORDER BY k) AS p, FIRST_VALUE(moment) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT moment AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT moment FROM things WHERE k < 12 UNION SELECT moment FROM things WHERE k > 9;
SELECT l.id, t.moment FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, moment AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(moment, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- noon
SELECT COUNT(noon), COUNT(DISTINCT noon), MIN(noon), MAX(noon) FROM things;
SELECT noon, COUNT(*), MIN(k) FROM things GROUP BY noon ORDER BY noon;
SELECT DISTINCT noon FROM things ORDER BY noon DESC;
SELECT SUM(noon), AVG(noon) FROM things WHERE k > 3; -- any-warnings
SELECT k, noon FROM things ORDER BY noon, k;
SELECT a.k, b.k, b.noon FROM things a JOIN things b ON a.noon = b.noon AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE noon IN (SELECT noon FROM things WHERE k > 15) ORDER BY k;
SELECT k, noon FROM things WHERE noon = (SELECT noon FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(noon) OVER (ORDER BY k) AS p, FIRST_VALUE(noon) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT noon AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT noon FROM things WHERE k < 12 UNION SELECT noon FROM things WHERE k > 9;
SELECT l.id, t.noon FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, noon AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(noon, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- stamp
SELECT COUNT(stamp), COUNT(DISTINCT stamp), MIN(stamp), MAX(stamp) FROM things;
SELECT stamp, COUNT(*), MIN(k) FROM things GROUP BY stamp ORDER BY stamp;
SELECT DISTINCT stamp FROM things ORDER BY stamp DESC;
SELECT SUM(stamp), AVG(stamp) FROM things WHERE k > 3; -- any-warnings
SELECT k, stamp FROM things ORDER BY stamp, k;
SELECT a.k, b.k, b.stamp FROM things a JOIN things b ON a.stamp = b.stamp AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE stamp IN (SELECT stamp FROM things WHERE k > 15) ORDER BY k;
SELECT k, stamp FROM things WHERE stamp = (SELECT stamp FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(stamp) OVER (ORDER BY k) AS p, FIRST_VALUE(stamp) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT stamp AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT stamp FROM things WHERE k < 12 UNION SELECT stamp FROM things WHERE k > 9;
SELECT l.id, t.stamp FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, stamp AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(stamp, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- span
SELECT COUNT(span), COUNT(DISTINCT span), MIN(span), MAX(span) FROM things;
SELECT span, COUNT(*), MIN(k) FROM things GROUP BY span ORDER BY span;
SELECT DISTINCT span FROM things ORDER BY span DESC;
SELECT SUM(span), AVG(span) FROM things WHERE k > 3; -- any-warnings
SELECT k, span FROM things ORDER BY span, k;
SELECT a.k, b.k, b.span FROM things a JOIN things b ON a.span = b.span AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE span IN (SELECT span FROM things WHERE k > 15) ORDER BY k;
SELECT k, span FROM things WHERE span = (SELECT span FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(span) OVER (ORDER BY k) AS p, FIRST_VALUE(span) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT span AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT span FROM things WHERE k < 12 UNION SELECT span FROM things WHERE k > 9;
SELECT l.id, t.span FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, span AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(span, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- span0
SELECT COUNT(span0), COUNT(DISTINCT span0), MIN(span0), MAX(span0) FROM things;
SELECT span0, COUNT(*), MIN(k) FROM things GROUP BY span0 ORDER BY span0;
SELECT DISTINCT span0 FROM things ORDER BY span0 DESC;
SELECT SUM(span0), AVG(span0) FROM things WHERE k > 3; -- any-warnings
SELECT k, span0 FROM things ORDER BY span0, k;
SELECT a.k, b.k, b.span0 FROM things a JOIN things b ON a.span0 = b.span0 AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE span0 IN (SELECT span0 FROM things WHERE k > 15) ORDER BY k;
SELECT k, span0 FROM things WHERE span0 = (SELECT span0 FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(span0) OVER (ORDER BY k) AS p, FIRST_VALUE(span0) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT span0 AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT span0 FROM things WHERE k < 12 UNION SELECT span0 FROM things WHERE k > 9;
SELECT l.id, t.span0 FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, span0 AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(span0, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- yr
SELECT COUNT(yr), COUNT(DISTINCT yr), MIN(yr), MAX(yr) FROM things;
SELECT yr, COUNT(*), MIN(k) FROM things GROUP BY yr ORDER BY yr;
SELECT DISTINCT yr FROM things ORDER BY yr DESC;
SELECT SUM(yr), AVG(yr), SUM(DISTINCT yr), AVG(DISTINCT yr) FROM things;
SELECT yr, SUM(yr), AVG(yr) FROM things GROUP BY yr WITH ROLLUP;
SELECT k, yr FROM things ORDER BY yr, k;
SELECT a.k, b.k, b.yr FROM things a JOIN things b ON a.yr = b.yr AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE yr IN (SELECT yr FROM things WHERE k > 15) ORDER BY k;
SELECT k, yr FROM things WHERE yr = (SELECT yr FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(yr) OVER (ORDER BY k) AS p, FIRST_VALUE(yr) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT yr AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT yr FROM things WHERE k < 12 UNION SELECT yr FROM things WHERE k > 9;
SELECT l.id, t.yr FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, yr AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(yr, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- ch
SELECT COUNT(ch), COUNT(DISTINCT ch), MIN(HEX(WEIGHT_STRING(ch))), MAX(CHAR_LENGTH(ch)) FROM things;
SELECT COUNT(*), MIN(k), MAX(k) FROM things GROUP BY ch ORDER BY ch;
SELECT COUNT(*) FROM (SELECT DISTINCT ch FROM things) d;
SELECT SUM(ch), AVG(ch) FROM things WHERE k > 3; -- any-warnings
SELECT k, ch FROM things ORDER BY ch, k;
SELECT a.k, b.k, b.ch FROM things a JOIN things b ON a.ch = b.ch AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE ch IN (SELECT ch FROM things WHERE k > 15) ORDER BY k;
SELECT k, ch FROM things WHERE ch = (SELECT ch FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(ch) OVER (ORDER BY k) AS p, FIRST_VALUE(ch) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT ch AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT COUNT(*) FROM (SELECT ch FROM things UNION SELECT ch FROM things WHERE k > 5) u;
SELECT l.id, t.ch FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, ch AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(ch, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- ci
SELECT COUNT(ci), COUNT(DISTINCT ci), MIN(HEX(WEIGHT_STRING(ci))), MAX(CHAR_LENGTH(ci)) FROM things;
SELECT COUNT(*), MIN(k), MAX(k) FROM things GROUP BY ci ORDER BY ci;
SELECT COUNT(*) FROM (SELECT DISTINCT ci FROM things) d;
SELECT SUM(ci), AVG(ci) FROM things WHERE k > 3; -- any-warnings
SELECT k, ci FROM things ORDER BY ci, k;
SELECT a.k, b.k, b.ci FROM things a JOIN things b ON a.ci = b.ci AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE ci IN (SELECT ci FROM things WHERE k > 15) ORDER BY k;
SELECT k, ci FROM things WHERE ci = (SELECT ci FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(ci) OVER (ORDER BY k) AS p, FIRST_VALUE(ci) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT ci AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT COUNT(*) FROM (SELECT ci FROM things UNION SELECT ci FROM things WHERE k > 5) u;
SELECT l.id, t.ci FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, ci AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(ci, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- bn
SELECT COUNT(bn), COUNT(DISTINCT bn), MIN(bn), MAX(bn) FROM things;
SELECT bn, COUNT(*), MIN(k) FROM things GROUP BY bn ORDER BY bn;
SELECT DISTINCT bn FROM things ORDER BY bn DESC;
SELECT SUM(bn), AVG(bn) FROM things WHERE k > 3; -- any-warnings
SELECT k, bn FROM things ORDER BY bn, k;
SELECT a.k, b.k, b.bn FROM things a JOIN things b ON a.bn = b.bn AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE bn IN (SELECT bn FROM things WHERE k > 15) ORDER BY k;
SELECT k, bn FROM things WHERE bn = (SELECT bn FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(bn) OVER (ORDER BY k) AS p, FIRST_VALUE(bn) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT bn AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT bn FROM things WHERE k < 12 UNION SELECT bn FROM things WHERE k > 9;
SELECT l.id, t.bn FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, bn AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(bn, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- ai
SELECT COUNT(ai), COUNT(DISTINCT ai), MIN(HEX(WEIGHT_STRING(ai))), MAX(CHAR_LENGTH(ai)) FROM things;
SELECT COUNT(*), MIN(k), MAX(k) FROM things GROUP BY ai ORDER BY ai;
SELECT COUNT(*) FROM (SELECT DISTINCT ai FROM things) d;
SELECT SUM(ai), AVG(ai) FROM things WHERE k > 3; -- any-warnings
SELECT k, ai FROM things ORDER BY ai, k;
SELECT a.k, b.k, b.ai FROM things a JOIN things b ON a.ai = b.ai AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE ai IN (SELECT ai FROM things WHERE k > 15) ORDER BY k;
SELECT k, ai FROM things WHERE ai = (SELECT ai FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(ai) OVER (ORDER BY k) AS p, FIRST_VALUE(ai) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT ai AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT COUNT(*) FROM (SELECT ai FROM things UNION SELECT ai FROM things WHERE k > 5) u;
SELECT l.id, t.ai FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, ai AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(ai, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- la
SELECT COUNT(la), COUNT(DISTINCT la), MIN(HEX(WEIGHT_STRING(la))), MAX(CHAR_LENGTH(la)) FROM things;
SELECT COUNT(*), MIN(k), MAX(k) FROM things GROUP BY la ORDER BY la;
SELECT COUNT(*) FROM (SELECT DISTINCT la FROM things) d;
SELECT SUM(la), AVG(la) FROM things WHERE k > 3; -- any-warnings
SELECT k, la FROM things ORDER BY la, k;
SELECT a.k, b.k, b.la FROM things a JOIN things b ON a.la = b.la AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE la IN (SELECT la FROM things WHERE k > 15) ORDER BY k;
SELECT k, la FROM things WHERE la = (SELECT la FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(la) OVER (ORDER BY k) AS p, FIRST_VALUE(la) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT la AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT COUNT(*) FROM (SELECT la FROM things UNION SELECT la FROM things WHERE k > 5) u;
SELECT l.id, t.la FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, la AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(la, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- txt
SELECT COUNT(txt), COUNT(DISTINCT txt), MIN(HEX(WEIGHT_STRING(txt))), MAX(CHAR_LENGTH(txt)) FROM things;
SELECT COUNT(*), MIN(k), MAX(k) FROM things GROUP BY txt ORDER BY txt;
SELECT COUNT(*) FROM (SELECT DISTINCT txt FROM things) d;
SELECT SUM(txt), AVG(txt) FROM things WHERE k > 3; -- any-warnings
SELECT k, txt FROM things ORDER BY txt, k;
SELECT a.k, b.k, b.txt FROM things a JOIN things b ON a.txt = b.txt AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE txt IN (SELECT txt FROM things WHERE k > 15) ORDER BY k;
SELECT k, txt FROM things WHERE txt = (SELECT txt FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(txt) OVER (ORDER BY k) AS p, FIRST_VALUE(txt) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT txt AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT COUNT(*) FROM (SELECT txt FROM things UNION SELECT txt FROM things WHERE k > 5) u;
SELECT l.id, t.txt FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, txt AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(txt, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- blb
SELECT COUNT(blb), COUNT(DISTINCT blb), MIN(blb), MAX(blb) FROM things;
SELECT blb, COUNT(*), MIN(k) FROM things GROUP BY blb ORDER BY blb;
SELECT DISTINCT blb FROM things ORDER BY blb DESC;
SELECT SUM(blb), AVG(blb) FROM things WHERE k > 3; -- any-warnings
SELECT k, blb FROM things ORDER BY blb, k;
SELECT a.k, b.k, b.blb FROM things a JOIN things b ON a.blb = b.blb AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE blb IN (SELECT blb FROM things WHERE k > 15) ORDER BY k;
SELECT k, blb FROM things WHERE blb = (SELECT blb FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(blb) OVER (ORDER BY k) AS p, FIRST_VALUE(blb) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT blb AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT blb FROM things WHERE k < 12 UNION SELECT blb FROM things WHERE k > 9;
SELECT l.id, t.blb FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, blb AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(blb, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- bin4
SELECT COUNT(bin4), COUNT(DISTINCT bin4), MIN(bin4), MAX(bin4) FROM things;
SELECT bin4, COUNT(*), MIN(k) FROM things GROUP BY bin4 ORDER BY bin4;
SELECT DISTINCT bin4 FROM things ORDER BY bin4 DESC;
SELECT SUM(bin4), AVG(bin4) FROM things WHERE k > 3; -- any-warnings
SELECT k, bin4 FROM things ORDER BY bin4, k;
SELECT a.k, b.k, b.bin4 FROM things a JOIN things b ON a.bin4 = b.bin4 AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE bin4 IN (SELECT bin4 FROM things WHERE k > 15) ORDER BY k;
SELECT k, bin4 FROM things WHERE bin4 = (SELECT bin4 FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(bin4) OVER (ORDER BY k) AS p, FIRST_VALUE(bin4) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT l.id, t.bin4 FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, bin4 AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(bin4, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- vbin
SELECT COUNT(vbin), COUNT(DISTINCT vbin), MIN(vbin), MAX(vbin) FROM things;
SELECT vbin, COUNT(*), MIN(k) FROM things GROUP BY vbin ORDER BY vbin;
SELECT DISTINCT vbin FROM things ORDER BY vbin DESC;
SELECT SUM(vbin), AVG(vbin) FROM things WHERE k > 3; -- any-warnings
SELECT k, vbin FROM things ORDER BY vbin, k;
SELECT a.k, b.k, b.vbin FROM things a JOIN things b ON a.vbin = b.vbin AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE vbin IN (SELECT vbin FROM things WHERE k > 15) ORDER BY k;
SELECT k, vbin FROM things WHERE vbin = (SELECT vbin FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(vbin) OVER (ORDER BY k) AS p, FIRST_VALUE(vbin) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT vbin AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT vbin FROM things WHERE k < 12 UNION SELECT vbin FROM things WHERE k > 9;
SELECT l.id, t.vbin FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, vbin AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(vbin, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- en
SELECT COUNT(en), COUNT(DISTINCT en), MIN(en), MAX(en) FROM things;
SELECT en, COUNT(*), MIN(k) FROM things GROUP BY en ORDER BY en;
SELECT DISTINCT en FROM things ORDER BY en DESC;
SELECT SUM(en), AVG(en) FROM things WHERE k > 3; -- any-warnings
SELECT k, en FROM things ORDER BY en, k;
SELECT a.k, b.k, b.en FROM things a JOIN things b ON a.en = b.en AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE en IN (SELECT en FROM things WHERE k > 15) ORDER BY k;
SELECT k, en FROM things WHERE en = (SELECT en FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(en) OVER (ORDER BY k) AS p, FIRST_VALUE(en) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT en AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT en FROM things WHERE k < 12 UNION SELECT en FROM things WHERE k > 9;
SELECT l.id, t.en FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, en AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(en, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- tags
SELECT COUNT(tags), COUNT(DISTINCT tags), MIN(tags), MAX(tags) FROM things;
SELECT tags, COUNT(*), MIN(k) FROM things GROUP BY tags ORDER BY tags;
SELECT DISTINCT tags FROM things ORDER BY tags DESC;
SELECT SUM(tags), AVG(tags) FROM things WHERE k > 3; -- any-warnings
SELECT k, tags FROM things ORDER BY tags, k;
SELECT a.k, b.k, b.tags FROM things a JOIN things b ON a.tags = b.tags AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE tags IN (SELECT tags FROM things WHERE k > 15) ORDER BY k;
SELECT k, tags FROM things WHERE tags = (SELECT tags FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(tags) OVER (ORDER BY k) AS p, FIRST_VALUE(tags) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT tags AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT tags FROM things WHERE k < 12 UNION SELECT tags FROM things WHERE k > 9;
SELECT l.id, t.tags FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, tags AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(tags, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- js
SELECT COUNT(js), COUNT(DISTINCT js), MIN(js), MAX(js) FROM things;
SELECT js, COUNT(*), MIN(k) FROM things GROUP BY js ORDER BY js;
SELECT SUM(js), AVG(js) FROM things WHERE k > 3; -- any-warnings
SELECT k, js FROM things ORDER BY js, k;
SELECT a.k, b.k, b.js FROM things a JOIN things b ON a.js = b.js AND a.k < b.k ORDER BY 1, 2;
SELECT k FROM things WHERE js IN (SELECT js FROM things WHERE k > 15) ORDER BY k;
SELECT k, js FROM things WHERE js = (SELECT js FROM things WHERE k = 3) ORDER BY k;
SELECT k, LAG(js) OVER (ORDER BY k) AS p, FIRST_VALUE(js) OVER (PARTITION BY k % 3 ORDER BY k) AS f FROM things ORDER BY k;
SELECT d.x FROM (SELECT js AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT js FROM things WHERE k < 12 UNION ALL SELECT js FROM things WHERE k > 9;
SELECT l.id, t.js FROM lumped l LEFT JOIN things t ON t.k = l.v ORDER BY l.id;
WITH c AS (SELECT k, js AS x FROM things) SELECT p.k, p.n, c.x FROM parts p JOIN c ON c.k = p.n + 3 WHERE p.k < 12 ORDER BY p.k, p.n;
SELECT k, IFNULL(js, (SELECT MAX(id) FROM lumped)) AS x FROM things ORDER BY k; -- any-warnings

-- The least and the greatest of an ENUM are those of its strings, also in a copy of its table.
SELECT COUNT(DISTINCT t.product_id), MIN(t.status), MAX(t.status) FROM (SELECT status, product_id FROM orders) AS t;
SELECT COUNT(DISTINCT t.num), MIN(t.en), MAX(t.en), MIN(t.tags), MAX(t.tags) FROM (SELECT en, tags, num FROM things) AS t;

-- A server makes an INT, a BIGINT or a YEAR of an expression by how it goes about it.
SELECT t.g AS x0 FROM (SELECT id AS g, COUNT(*) AS c, MAX(YEAR(created)) AS s FROM users WHERE email IN (SELECT w FROM lumped WHERE w NOT IN ('ärger', 'bob')) GROUP BY id) AS t RIGHT JOIN things ON things.usmall = t.c WHERE t.c IN (SELECT v FROM lumped WHERE id = t.c) ORDER BY t.g DESC, things.k; -- any-columns
WITH c AS (SELECT id, product_id FROM orders WHERE id <> (SELECT MAX(k) FROM ledger)) SELECT c.product_id AS g0, MONTH(t.moment) AS g1, SUM(c.product_id) AS s0 FROM c JOIN things AS t ON t.k = c.product_id WHERE NOT (c.product_id NOT IN (11, 9) AND c.id > ALL (SELECT n FROM parts)) GROUP BY c.product_id, MONTH(t.moment) ORDER BY g0, g1; -- any-columns

-- Strings as long as a parameter's can be.
SELECT (SELECT MAX(CASE WHEN qty > 5 THEN 'more' ELSE 'less' END) FROM parts WHERE k = 1) AS x0, product_id AS x1 FROM order_items ORDER BY id;
SELECT d.x, COUNT(*) FROM (SELECT k, CONCAT(REPEAT('x', 2000), MAX(bn)) AS x FROM things GROUP BY k) AS d JOIN lumped ON lumped.id = d.k GROUP BY d.x ORDER BY d.x;
