-- setup: select_tables.sql
-- Aggregation over rows of several shards.

-- Each aggregate alone, several at once, over groups, over nothing.
SELECT COUNT(*) FROM things;
SELECT COUNT(money) FROM things;
SELECT COUNT(1) FROM things;
SELECT SUM(money) FROM things;
SELECT SUM(num) FROM things;
SELECT SUM(ubig) FROM things;
SELECT SUM(huge) FROM things;
SELECT AVG(huge) FROM things;
SELECT AVG(big) FROM things;
SELECT SUM(money * 2) FROM things;
SELECT SUM(-num) FROM things;
SELECT MIN(money), MAX(money) FROM things;
SELECT MIN(huge), MAX(huge) FROM things;
SELECT MIN(moment), MAX(moment) FROM things;
SELECT MIN(span), MAX(span) FROM things;
SELECT MIN(bn), MAX(bn) FROM things;
SELECT MIN(vbin), MAX(vbin) FROM things;
SELECT MIN(en), MAX(en) FROM things;
SELECT MIN(tags), MAX(tags) FROM things;
SELECT MIN(day), MAX(stamp) FROM things;
SELECT COUNT(DISTINCT ci) FROM things;
SELECT COUNT(DISTINCT ai) FROM things;
SELECT COUNT(DISTINCT bn) FROM things;
SELECT COUNT(DISTINCT en, tags) FROM things;
SELECT COUNT(DISTINCT num, unum) FROM things;
SELECT COUNT(DISTINCT k % 4, yr, en) FROM things;
SELECT SUM(DISTINCT money) FROM things;
SELECT AVG(DISTINCT money) FROM things;
SELECT MIN(DISTINCT num), MAX(DISTINCT num) FROM things;
SELECT COUNT(DISTINCT money), COUNT(DISTINCT yr) FROM things;
SELECT SUM(DISTINCT num), SUM(num), COUNT(*) FROM things;
SELECT COUNT(DISTINCT en) + COUNT(DISTINCT yr) FROM things;
SELECT BIT_AND(ubig), BIT_OR(ubig), BIT_XOR(ubig) FROM things;
SELECT BIT_AND(num), BIT_OR(num), BIT_XOR(num) FROM things;
SELECT BIT_OR(k) FROM things;
SELECT BIT_XOR(utiny) FROM things;
SELECT STD(tiny) FROM things;
SELECT STDDEV(tiny) FROM things;
SELECT STDDEV_POP(tiny) FROM things;
SELECT STDDEV_SAMP(tiny) FROM things;
SELECT VARIANCE(tiny) FROM things;
SELECT VAR_POP(tiny) FROM things;
SELECT VAR_SAMP(tiny) FROM things;
SELECT STD(flt), VARIANCE(dbl) FROM things;
SELECT STDDEV(money) FROM things;
SELECT SUM(num) - SUM(tiny) FROM things;
SELECT SUM(money) / COUNT(*) FROM things;
SELECT IF(COUNT(*) > 1, MAX(money), 0) FROM things;
SELECT COALESCE(SUM(money), -1) FROM things;
SELECT ROUND(AVG(money), 3) FROM things;
SELECT SUM(money) + 1, -SUM(money), SUM(money) * SUM(tiny) FROM things;
SELECT MAX(k) - MIN(k) FROM things;
SELECT CONCAT(MIN(bn), '/', MAX(bn)) FROM things;
SELECT CASE WHEN SUM(money) > 0 THEN 'plus' ELSE 'minus' END FROM things;
SELECT SUM(IF(en = 'Large', 1, 0)), SUM(en = 'Large'), COUNT(IF(en = 'Large', 1, NULL)) FROM things;
SELECT SUM(CASE WHEN yr > 2000 THEN money ELSE 0 END) FROM things;
SELECT SUM(money IS NULL) FROM things;
SELECT AVG(num IS NOT NULL) FROM things;
SELECT GREATEST(MAX(num), MAX(tiny)) FROM things;
SELECT SUM(money) BETWEEN 1 AND 2 FROM things;
SELECT SUM(money) IN (1, 2), COUNT(*) = 28 FROM things;
SELECT 1 + 1, COUNT(*) FROM things;
SELECT 'x', MAX(k) FROM things;
SELECT NULL, COUNT(*) FROM things;
SELECT COUNT(*), COUNT(*) FROM things;
SELECT COUNT(*) AS n, COUNT(*) + 1 AS m FROM things;
SELECT MAX(k), MAX(k) AS k FROM things;
SELECT DATE_FORMAT(MAX(day), '%Y') FROM things;
SELECT HEX(MAX(vbin)) FROM things;
SELECT JSON_OBJECT('n', COUNT(*), 's', SUM(money)) FROM things;
SELECT FORMAT(SUM(money), 2) FROM things;
SELECT CAST(SUM(money) AS SIGNED) FROM things;
SELECT CAST(AVG(money) AS DECIMAL(20,6)) FROM things;
SELECT SUM(CAST(money AS SIGNED)) FROM things;
SELECT SUM(tiny) DIV 2, SUM(tiny) % 7 FROM things;
SELECT NOT COUNT(*) FROM things;
SELECT SUM(money) > AVG(money) FROM things;

-- GROUP_CONCAT and JSON aggregates.
SELECT GROUP_CONCAT(k ORDER BY k) FROM things;
SELECT GROUP_CONCAT(k ORDER BY k DESC SEPARATOR '-') FROM things;
SELECT GROUP_CONCAT(DISTINCT en ORDER BY en) FROM things;
SELECT GROUP_CONCAT(DISTINCT bn ORDER BY bn DESC SEPARATOR ' | ') FROM things;
SELECT GROUP_CONCAT(k, ':', bn ORDER BY k) FROM things;
SELECT GROUP_CONCAT(money ORDER BY money, k) FROM things;
SELECT GROUP_CONCAT(day ORDER BY k) FROM things WHERE day IS NOT NULL;
SELECT yr, GROUP_CONCAT(k ORDER BY k) FROM things GROUP BY yr ORDER BY yr;
SELECT en, GROUP_CONCAT(DISTINCT yr ORDER BY yr DESC) AS g FROM things GROUP BY en ORDER BY en;
SELECT GROUP_CONCAT(k ORDER BY bn, k) FROM things;
SELECT GROUP_CONCAT(k ORDER BY 1) FROM things;
SELECT GROUP_CONCAT(blb ORDER BY k) FROM things;
SELECT GROUP_CONCAT(k ORDER BY k) FROM nothing;
SELECT GROUP_CONCAT(v) FROM nothing;
SELECT GROUP_CONCAT(NULL) FROM things;
SELECT CHAR_LENGTH(GROUP_CONCAT(k ORDER BY k)) FROM things;
SELECT UPPER(GROUP_CONCAT(bn ORDER BY k)) FROM things;
SELECT GROUP_CONCAT(name ORDER BY id SEPARATOR ', ') FROM users;
SELECT user_id, GROUP_CONCAT(total ORDER BY id) FROM orders GROUP BY user_id ORDER BY user_id;
SELECT status, GROUP_CONCAT(DISTINCT user_id ORDER BY user_id) FROM orders GROUP BY status ORDER BY status;
SET SESSION group_concat_max_len = 16;
SELECT GROUP_CONCAT(k ORDER BY k) FROM things;
SELECT GROUP_CONCAT(bn ORDER BY k) FROM things;
SELECT yr, GROUP_CONCAT(k ORDER BY k) FROM things GROUP BY yr ORDER BY yr;
SET SESSION group_concat_max_len = 1000000;
SELECT GROUP_CONCAT(REPEAT(bn, 50) ORDER BY k) FROM things;
SELECT JSON_ARRAYAGG(k) FROM things WHERE k = 3;
SELECT JSON_OBJECTAGG(k, money) FROM things WHERE k = 3;
SELECT JSON_OBJECTAGG(k, yr) FROM things; -- mysql
SELECT yr, JSON_OBJECTAGG(k, en) FROM things GROUP BY yr ORDER BY yr; -- mysql
SELECT JSON_ARRAYAGG(k ORDER BY k) FROM things; -- mariadb
SELECT JSON_ARRAYAGG(DISTINCT yr ORDER BY yr DESC) FROM things; -- mariadb
SELECT JSON_ARRAYAGG(k ORDER BY k LIMIT 3) FROM things; -- mariadb
SELECT GROUP_CONCAT(k ORDER BY k LIMIT 4) FROM things; -- mariadb
SELECT GROUP_CONCAT(k ORDER BY k LIMIT 2, 4) FROM things; -- mariadb
SELECT JSON_ARRAYAGG(v) FROM nothing;
SELECT JSON_OBJECTAGG(k, v) FROM nothing;
SELECT JSON_LENGTH(JSON_ARRAYAGG(bn)) FROM things;
SELECT ANY_VALUE(k) FROM things WHERE k = 5; -- mysql
SELECT MAX(k), ANY_VALUE(yr) FROM things WHERE k = 5; -- mysql

-- Over an empty table, and with nothing left.
SELECT COUNT(*) FROM nothing;
SELECT COUNT(*), SUM(1), AVG(1), MIN(1), MAX(1) FROM nothing;
SELECT COUNT(DISTINCT 1), BIT_AND(1), BIT_OR(1), STD(1) FROM nothing;
SELECT COUNT(*) FROM things WHERE k > 1000;
SELECT COUNT(*), SUM(1), AVG(1), MIN(1), MAX(1) FROM things WHERE k > 1000;
SELECT COUNT(DISTINCT 1), BIT_AND(1), BIT_OR(1), STD(1) FROM things WHERE k > 1000;
SELECT COUNT(*) FROM nothing n JOIN things t ON t.k = n.v;
SELECT COUNT(*), SUM(1), AVG(1), MIN(1), MAX(1) FROM nothing n JOIN things t ON t.k = n.v;
SELECT COUNT(DISTINCT 1), BIT_AND(1), BIT_OR(1), STD(1) FROM nothing n JOIN things t ON t.k = n.v;
SELECT SUM(v), AVG(x), MIN(w), MAX(x), COUNT(v), BIT_AND(v), BIT_XOR(v), VAR_SAMP(x) FROM nothing;
SELECT w, COUNT(*) FROM nothing GROUP BY w;
SELECT w, COUNT(*) FROM nothing GROUP BY w WITH ROLLUP;
SELECT COUNT(*) FROM nothing HAVING COUNT(*) > 0;
SELECT COUNT(*) FROM nothing HAVING COUNT(*) = 0;
SELECT 1 FROM nothing GROUP BY NULL;
SELECT MAX(v) IS NULL FROM nothing;
SELECT IFNULL(SUM(x), 0) FROM nothing;
SELECT COUNT(*) + 5 FROM nothing;
SELECT 7 FROM nothing;
SELECT DISTINCT v FROM nothing;
SELECT * FROM nothing;
SELECT * FROM nothing ORDER BY v LIMIT 3;

-- GROUP BY expressions.
SELECT yr, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY yr ORDER BY yr;
SELECT en, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY en ORDER BY en;
SELECT k % 3, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY k % 3 ORDER BY k % 3;
SELECT k DIV 5, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY k DIV 5 ORDER BY k DIV 5;
SELECT yr > 2000, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY yr > 2000 ORDER BY yr > 2000;
SELECT MONTH(day), COUNT(*), SUM(money), MIN(k) FROM things GROUP BY MONTH(day) ORDER BY MONTH(day);
SELECT yr, en, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY yr, en ORDER BY yr, en;
SELECT en, k % 2, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY en, k % 2 ORDER BY en, k % 2;
SELECT IFNULL(yr, 0), COUNT(*), SUM(money), MIN(k) FROM things GROUP BY IFNULL(yr, 0) ORDER BY IFNULL(yr, 0);
SELECT CASE WHEN money > 50 THEN 'a' ELSE 'b' END, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY CASE WHEN money > 50 THEN 'a' ELSE 'b' END ORDER BY CASE WHEN money > 50 THEN 'a' ELSE 'b' END;
SELECT money, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY money ORDER BY money;
SELECT day, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY day ORDER BY day;
SELECT span, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY span ORDER BY span;
SELECT bits, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY bits ORDER BY bits;
SELECT vbin, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY vbin ORDER BY vbin;
SELECT tags, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY tags ORDER BY tags;
SELECT HEX(bn), COUNT(*), SUM(money), MIN(k) FROM things GROUP BY HEX(bn) ORDER BY HEX(bn);
SELECT bn, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY bn ORDER BY bn;
SELECT LEFT(bn, 1), COUNT(*), SUM(money), MIN(k) FROM things GROUP BY LEFT(bn, 1) ORDER BY LEFT(bn, 1);
SELECT CHAR_LENGTH(ci), COUNT(*), SUM(money), MIN(k) FROM things GROUP BY CHAR_LENGTH(ci) ORDER BY CHAR_LENGTH(ci);
SELECT DATE(moment), COUNT(*), SUM(money), MIN(k) FROM things GROUP BY DATE(moment) ORDER BY DATE(moment);
SELECT unum IS NULL, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY unum IS NULL ORDER BY unum IS NULL;
SELECT ROUND(money), COUNT(*), SUM(money), MIN(k) FROM things GROUP BY ROUND(money) ORDER BY ROUND(money);
SELECT huge, COUNT(*), SUM(money), MIN(k) FROM things GROUP BY huge ORDER BY huge;
SELECT COUNT(*) AS n FROM things GROUP BY yr HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY en HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY k % 3 HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY k DIV 5 HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY yr > 2000 HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY MONTH(day) HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY yr, en HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY en, k % 2 HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY IFNULL(yr, 0) HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY CASE WHEN money > 50 THEN 'a' ELSE 'b' END HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY money HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY day HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY span HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY bits HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY vbin HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY tags HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY HEX(bn) HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY bn HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY LEFT(bn, 1) HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY CHAR_LENGTH(ci) HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY DATE(moment) HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY unum IS NULL HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY ROUND(money) HAVING n > 2;
SELECT COUNT(*) AS n FROM things GROUP BY huge HAVING n > 2;
SELECT yr, AVG(num) FROM things GROUP BY yr WITH ROLLUP;
SELECT en, AVG(num) FROM things GROUP BY en WITH ROLLUP;
SELECT k % 3, AVG(num) FROM things GROUP BY k % 3 WITH ROLLUP;
SELECT k DIV 5, AVG(num) FROM things GROUP BY k DIV 5 WITH ROLLUP;
SELECT yr > 2000, AVG(num) FROM things GROUP BY yr > 2000 WITH ROLLUP;
SELECT MONTH(day), AVG(num) FROM things GROUP BY MONTH(day) WITH ROLLUP;
SELECT yr, en, AVG(num) FROM things GROUP BY yr, en WITH ROLLUP;
SELECT en, k % 2, AVG(num) FROM things GROUP BY en, k % 2 WITH ROLLUP;
SELECT IFNULL(yr, 0), AVG(num) FROM things GROUP BY IFNULL(yr, 0) WITH ROLLUP;
SELECT CASE WHEN money > 50 THEN 'a' ELSE 'b' END, AVG(num) FROM things GROUP BY CASE WHEN money > 50 THEN 'a' ELSE 'b' END WITH ROLLUP;
SELECT money, AVG(num) FROM things GROUP BY money WITH ROLLUP;
SELECT day, AVG(num) FROM things GROUP BY day WITH ROLLUP;
SELECT span, AVG(num) FROM things GROUP BY span WITH ROLLUP;
SELECT vbin, AVG(num) FROM things GROUP BY vbin WITH ROLLUP;
SELECT tags, AVG(num) FROM things GROUP BY tags WITH ROLLUP;
SELECT HEX(bn), AVG(num) FROM things GROUP BY HEX(bn) WITH ROLLUP;
SELECT bn, AVG(num) FROM things GROUP BY bn WITH ROLLUP;
SELECT LEFT(bn, 1), AVG(num) FROM things GROUP BY LEFT(bn, 1) WITH ROLLUP;
SELECT CHAR_LENGTH(ci), AVG(num) FROM things GROUP BY CHAR_LENGTH(ci) WITH ROLLUP;
SELECT DATE(moment), AVG(num) FROM things GROUP BY DATE(moment) WITH ROLLUP;
SELECT unum IS NULL, AVG(num) FROM things GROUP BY unum IS NULL WITH ROLLUP;
SELECT ROUND(money), AVG(num) FROM things GROUP BY ROUND(money) WITH ROLLUP;
SELECT huge, AVG(num) FROM things GROUP BY huge WITH ROLLUP;

-- Aliases, positions, what is not selected, HAVING.
SELECT yr AS y, COUNT(*) AS n FROM things GROUP BY y ORDER BY n DESC, y;
SELECT yr, COUNT(*) FROM things GROUP BY 1 ORDER BY 2 DESC, 1;
SELECT COUNT(*), yr FROM things GROUP BY 2 ORDER BY 1, 2;
SELECT yr + 1 AS y, SUM(money) FROM things GROUP BY y ORDER BY y;
SELECT SUM(money) AS s FROM things GROUP BY yr ORDER BY yr;
SELECT yr FROM things GROUP BY yr ORDER BY COUNT(*) DESC, yr;
SELECT yr FROM things GROUP BY yr ORDER BY SUM(money), yr;
SELECT yr FROM things GROUP BY yr ORDER BY AVG(num) DESC, MAX(k);
SELECT yr, COUNT(*) FROM things GROUP BY yr HAVING COUNT(*) > 3 ORDER BY yr;
SELECT yr, COUNT(*) AS c FROM things GROUP BY yr HAVING c > 3 AND yr IS NOT NULL ORDER BY yr;
SELECT yr FROM things GROUP BY yr HAVING SUM(money) > 100 ORDER BY yr;
SELECT yr FROM things GROUP BY yr HAVING SUM(money) > AVG(num) ORDER BY yr;
SELECT yr FROM things GROUP BY yr HAVING MAX(day) > '2000-01-01' ORDER BY yr;
SELECT yr FROM things GROUP BY yr HAVING COUNT(DISTINCT en) = 3 ORDER BY yr;
SELECT yr, SUM(money) FROM things GROUP BY yr HAVING SUM(money) IS NULL OR SUM(money) < 0;
SELECT yr FROM things GROUP BY yr HAVING yr > 2000 ORDER BY yr;
SELECT yr FROM things GROUP BY yr HAVING MIN(k) IN (-2, -1, 0) ORDER BY yr;
SELECT COUNT(*) FROM things HAVING COUNT(*) > 100;
SELECT COUNT(*) FROM things HAVING MAX(k) = 25;
SELECT k, money FROM things HAVING money > 90 ORDER BY k;
SELECT k, money * 2 AS m FROM things HAVING m > 90 ORDER BY k LIMIT 3;
SELECT yr, COUNT(*) FROM things GROUP BY yr ORDER BY COUNT(*) DESC, yr LIMIT 2;
SELECT yr, COUNT(*) FROM things GROUP BY yr ORDER BY COUNT(*) DESC, yr LIMIT 2 OFFSET 1;
SELECT yr, en, COUNT(*) FROM things GROUP BY yr, en ORDER BY yr, en LIMIT 4, 3;
SELECT DISTINCT COUNT(*) FROM things GROUP BY yr ORDER BY 1;
SELECT yr, COUNT(*) * 100 / 28 AS pct FROM things GROUP BY yr ORDER BY pct DESC, yr;
SELECT yr, SUM(money) / COUNT(money) - AVG(money) AS zero FROM things GROUP BY yr ORDER BY yr;
SELECT COUNT(*), k % 2 AS odd FROM things WHERE k > 0 GROUP BY odd ORDER BY odd;
SELECT en, SUM(tiny) FROM things GROUP BY en ORDER BY SUM(tiny) IS NULL, SUM(tiny), en;
SELECT yr, en, SUM(money) FROM things GROUP BY yr, en WITH ROLLUP;
SELECT yr, en, k % 2 AS p, COUNT(*) FROM things GROUP BY yr, en, p WITH ROLLUP;
SELECT yr, SUM(money) AS s FROM things GROUP BY yr WITH ROLLUP HAVING s > 0;
SELECT IFNULL(yr, 'all') AS y, COUNT(*) FROM things WHERE yr IS NOT NULL GROUP BY yr WITH ROLLUP; -- any-columns
SELECT yr, COUNT(DISTINCT en) FROM things GROUP BY yr WITH ROLLUP;
SELECT yr, GROUP_CONCAT(k ORDER BY k) FROM things GROUP BY yr WITH ROLLUP;
SELECT yr, AVG(money), MIN(bn), MAX(day) FROM things GROUP BY yr WITH ROLLUP;
SELECT yr, GROUPING(yr), COUNT(*) FROM things GROUP BY yr WITH ROLLUP; -- mysql
SELECT yr, COUNT(*) FROM things GROUP BY yr WITH ROLLUP ORDER BY GROUPING(yr), yr; -- mysql
SELECT yr, en, COUNT(*) FROM things GROUP BY yr, en WITH ROLLUP ORDER BY yr, en, COUNT(*); -- mysql
SELECT COUNT(*) FROM things GROUP BY ci, ai;
SELECT COUNT(*), MIN(k) FROM things GROUP BY ci ORDER BY MIN(k);
SELECT COUNT(*), SUM(money) FROM things GROUP BY ai ORDER BY 1, 2;
SELECT COUNT(*) FROM things GROUP BY ci COLLATE utf8mb4_bin;
SELECT ci COLLATE utf8mb4_bin AS b, COUNT(*) FROM things GROUP BY b ORDER BY b;
SELECT COUNT(*), MIN(k) FROM things GROUP BY LOWER(ci) ORDER BY MIN(k);
SELECT COUNT(DISTINCT ci COLLATE utf8mb4_bin) FROM things;
SELECT COUNT(DISTINCT LOWER(ai)), COUNT(DISTINCT UPPER(la)) FROM things;
SELECT COUNT(DISTINCT ci, ai) FROM things;
SELECT k, COUNT(*) FROM things GROUP BY k ORDER BY k;
SELECT k, bn, COUNT(*) FROM things GROUP BY k, bn ORDER BY k;
SELECT k, MAX(n), SUM(qty) FROM parts GROUP BY k ORDER BY k;
SELECT n, SUM(price), AVG(price), AVG(qty) FROM parts GROUP BY n ORDER BY n;
SELECT label, COUNT(*) FROM parts WHERE label LIKE 'g%' GROUP BY label;
SELECT made, SUM(qty * price) FROM parts GROUP BY made ORDER BY made;
SELECT made, SUM(qty * price) AS worth FROM parts GROUP BY made HAVING worth > 10 ORDER BY worth;
SELECT t.yr, SUM(p.qty), COUNT(DISTINCT p.n) FROM things t JOIN parts p ON p.k = t.k GROUP BY t.yr ORDER BY t.yr;
SELECT t.en, AVG(p.price), STD(p.price) FROM things t JOIN parts p USING (k) GROUP BY t.en ORDER BY t.en;
SELECT t.k, COUNT(p.n) FROM things t LEFT JOIN parts p ON p.k = t.k GROUP BY t.k ORDER BY 2 DESC, 1;
SELECT COUNT(*), SUM(o.total), AVG(u.age) FROM users u JOIN orders o ON o.user_id = u.id;
SELECT city, COUNT(*) FROM users GROUP BY city COLLATE utf8mb4_bin ORDER BY city COLLATE utf8mb4_bin; -- mariadb
SELECT COUNT(*), AVG(balance), SUM(balance) FROM users GROUP BY city ORDER BY MIN(id);
SELECT status, COUNT(*), SUM(total), AVG(total), MIN(placed), MAX(placed) FROM orders GROUP BY status ORDER BY status;
SELECT status + 0, COUNT(*) FROM orders GROUP BY status + 0 ORDER BY 1;
SELECT MONTH(placed) AS m, SUM(total) FROM orders GROUP BY m ORDER BY m;
SELECT product_id, STD(total), VAR_SAMP(total), COUNT(DISTINCT user_id) FROM orders GROUP BY product_id ORDER BY product_id; -- any-columns
SELECT user_id, COUNT(*) FROM orders GROUP BY user_id HAVING COUNT(*) > (SELECT AVG(quantity) FROM order_items) ORDER BY user_id;
SELECT SUM(v), COUNT(*), MAX(w) FROM lumped;
SELECT v, COUNT(*) FROM lumped GROUP BY v ORDER BY v;
SELECT COUNT(*) FROM lumped GROUP BY v HAVING COUNT(*) > 1;
SELECT SUM(DISTINCT v), AVG(DISTINCT v), COUNT(DISTINCT w) FROM lumped;
SELECT MAX(name), MIN(code), SUM(weight) FROM colors;
SELECT SUM(amount), COUNT(*) FROM ledger;
SELECT k, SUM(amount) FROM ledger GROUP BY k ORDER BY k;
SELECT SUM(money) FROM things WHERE k IN (1, 2, 3);
SELECT SUM(money) FROM things WHERE k = 3;
SELECT SUM(money) FROM things WHERE k BETWEEN 3 AND 9 AND en = 'Large';
SELECT COUNT(*) FROM things WHERE NOT (k > 3);
SELECT SUM(k) FROM things WHERE k <> 3;
SELECT SQL_CALC_FOUND_ROWS yr, COUNT(*) FROM things GROUP BY yr ORDER BY yr LIMIT 2;
SELECT FOUND_ROWS(); -- any-warnings
SELECT SUM(SUM(money)) OVER () FROM things GROUP BY yr;
SELECT MAX(COUNT(*)) FROM things GROUP BY yr;
SELECT yr, SUM(money) FROM things GROUP BY yr ORDER BY SUM(money) * -1, yr;
SELECT yr, MAX(money) - MIN(money) AS spread FROM things GROUP BY yr ORDER BY spread DESC, yr;
SELECT yr, COUNT(*) AS COUNT FROM things GROUP BY yr ORDER BY COUNT, yr;
SELECT yr AS k, COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT t.* FROM things t GROUP BY t.k ORDER BY t.k LIMIT 2; -- mysql
SELECT COUNT(ALL yr) FROM things;
SELECT SUM(ALL money), AVG(ALL money) FROM things;
SELECT DISTINCTROW yr FROM things ORDER BY yr;
SELECT HIGH_PRIORITY COUNT(*) FROM things;
SELECT SQL_BIG_RESULT yr, COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT SQL_SMALL_RESULT yr, COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT SQL_BUFFER_RESULT COUNT(*) FROM things;
SELECT SQL_NO_CACHE COUNT(*) FROM things;
SELECT /* note */ COUNT(*) /* more */ FROM /* and */ things;
SELECT COUNT(*) FROM things AS t WHERE t.k > 3 AND t.en IN ('Large', 'small');

-- Groups that a server finishes: DISTINCT over them, averages inside of expressions, rows of queries that stand for themselves.
-- MariaDB 10.11 takes DISTINCT for one of yr alone: it leaves out a row.
SELECT DISTINCT yr, COUNT(*) > 3 AS many FROM things GROUP BY yr, en ORDER BY yr, many; -- mysql
SELECT AVG(tiny) * 1.0, AVG(tiny) / 3 FROM things;
SELECT en, AVG(tiny) / 3 AS a FROM things GROUP BY en HAVING AVG(tiny) > 3.5 ORDER BY en;
SELECT en, AVG(tiny) AS a FROM things GROUP BY en HAVING a > 3.5 AND a * 2 < 1000 ORDER BY en;
SELECT en, SUM(money) - SUM(tiny) AS d, AVG(tiny) FROM things GROUP BY en HAVING COUNT(*) > 1 ORDER BY d, en;
SELECT k FROM things WHERE (k, 1) IN (SELECT id, id FROM lumped) ORDER BY k;
SELECT d.x FROM (SELECT bin4 AS x, k FROM things ORDER BY k LIMIT 7) d ORDER BY d.k;
SELECT COUNT(t1.w) FROM lumped t1 LEFT JOIN things t2 ON t2.k = t1.id AND t2.num > (SELECT MIN(q3.umed) FROM things q3 WHERE q3.k = t1.v) AND NOT EXISTS (SELECT 1 FROM parts q4 WHERE q4.n = t1.v AND q4.made >= (SELECT MAX(NULL) FROM things q5 WHERE q5.yr = ANY (SELECT q6.quantity FROM order_items q6 WHERE q6.order_id > 12)));
SELECT t1.price AS g0, t1.id IS NULL AS g1, SUM(t2.id) - COUNT(*) AS s0 FROM order_items AS t1 RIGHT JOIN orders AS t2 ON t2.id = t1.product_id GROUP BY t1.price, t1.id IS NULL HAVING COUNT(*) >= (SELECT COUNT(q3.k) FROM nothing AS q3) ORDER BY g0 DESC, g1 LIMIT 3;

-- Rows that are alike count once.
SELECT COUNT(DISTINCT ci), COUNT(DISTINCT bn), COUNT(DISTINCT la), COUNT(DISTINCT ai), COUNT(DISTINCT ch) FROM things;
SELECT COUNT(DISTINCT ci) FROM things WHERE ci LIKE BINARY '%B%' OR LENGTH(ci) > 3;
SELECT tiny, COUNT(DISTINCT ci) FROM things GROUP BY tiny ORDER BY tiny;
SELECT tiny, COUNT(DISTINCT ci) FROM things GROUP BY tiny WITH ROLLUP;
SELECT COUNT(DISTINCT ci, la) FROM things;
SELECT COUNT(DISTINCT CONCAT(ci, '!')), COUNT(DISTINCT UPPER(bn)) FROM things;
SELECT COUNT(DISTINCT BINARY ci), COUNT(DISTINCT HEX(la)) FROM things; -- any-warnings
SELECT COUNT(DISTINCT money), MIN(day), MAX(moment), SUM(DISTINCT tiny), AVG(DISTINCT small) FROM things;
SELECT COUNT(DISTINCT stamp), COUNT(DISTINCT span), COUNT(DISTINCT yr), MIN(stamp), MAX(span) FROM things;
SELECT COUNT(DISTINCT flt), COUNT(DISTINCT dbl), COUNT(DISTINCT en), COUNT(DISTINCT tags), COUNT(DISTINCT bits) FROM things;
SELECT COUNT(DISTINCT txt), COUNT(DISTINCT blb), COUNT(DISTINCT vbin), COUNT(DISTINCT js) FROM things;
SELECT en, COUNT(DISTINCT tiny), BIT_OR(num), BIT_AND(num) FROM things GROUP BY en ORDER BY en;
SELECT tiny > 3 AS g, COUNT(DISTINCT num) FROM things GROUP BY g ORDER BY g;
SELECT label, COUNT(DISTINCT made) AS n FROM parts GROUP BY label HAVING n > 1 ORDER BY n, label;
SELECT COUNT(DISTINCT p.label), COUNT(DISTINCT t.ci) FROM parts p JOIN things t ON t.tiny = p.n;
SELECT t.tiny, COUNT(DISTINCT p.price) FROM things t LEFT JOIN parts p ON p.n = t.tiny GROUP BY t.tiny ORDER BY t.tiny;
SELECT COUNT(*), COUNT(DISTINCT tiny), COUNT(DISTINCT ci) FROM things;
SELECT tiny, SUM(num), COUNT(DISTINCT ci), AVG(money) FROM things GROUP BY tiny ORDER BY tiny;
SELECT k FROM things WHERE (tiny, small) IN (SELECT n, qty FROM parts) ORDER BY k;
SELECT k FROM things WHERE tiny NOT IN (SELECT n FROM parts WHERE label IS NOT NULL) ORDER BY k;
SELECT k FROM things t WHERE EXISTS (SELECT * FROM parts p WHERE p.n = t.tiny AND p.label <> t.ci) ORDER BY k;
SELECT k FROM things t WHERE NOT EXISTS (SELECT label FROM parts p WHERE p.n = t.tiny AND BINARY p.label = t.bn) ORDER BY k; -- any-warnings
SELECT COUNT(DISTINCT v), (SELECT SUM(l.v) FROM colors LIMIT 1) FROM lumped l;
SELECT d.n, COUNT(*) FROM (SELECT tiny, COUNT(DISTINCT ci) AS n FROM things GROUP BY tiny) d GROUP BY d.n ORDER BY d.n;
SELECT MAX(n) FROM (SELECT COUNT(DISTINCT label) AS n FROM parts GROUP BY qty) d;

-- Groups of strings that one node has alone, and years that an aggregate has made numbers of.
SELECT CASE WHEN t1.money > 5 THEN 'more' ELSE 'less' END AS g0, SUM(t2.id) AS s0, SUM(t2.v) AS s1, SUM(t2.id) - COUNT(*) AS s2 FROM things AS t1 STRAIGHT_JOIN lumped AS t2 ON t2.v = t1.k WHERE t2.v <=> -2 GROUP BY CASE WHEN t1.money > 5 THEN 'more' ELSE 'less' END ORDER BY g0;
SELECT CASE WHEN t1.money > 5 THEN 'more' ELSE 'less' END AS g0, SUM(t2.id) AS s0, SUM(t2.id) - COUNT(*) AS s2 FROM things AS t1 STRAIGHT_JOIN lumped AS t2 ON t2.v = t1.k WHERE t2.v <=> 2 GROUP BY CASE WHEN t1.money > 5 THEN 'more' ELSE 'less' END ORDER BY g0;
SELECT t1.small AS g0, COUNT(t1.ch) AS s0 FROM things AS t1 GROUP BY t1.small HAVING MAX(t1.yr) > 14 ORDER BY g0 DESC;
SELECT MAX(yr) AS m, MAX(yr) + 1 AS n, MIN(yr) > 14 AS o FROM things WHERE yr > 0;
SELECT t3.code AS g0, SUM(t1.product_id) - COUNT(*) AS s0 FROM order_items AS t1 STRAIGHT_JOIN nothing AS t2 ON t2.v = t1.order_id STRAIGHT_JOIN colors AS t3 ON t3.id = t2.v WHERE (t2.v = -1 OR t2.v <> 18) AND t3.weight NOT IN (SELECT NULL FROM things AS q4) AND t1.user_id = 2 GROUP BY t3.code ORDER BY g0;

-- Different values beside other aggregates of the same groups.
SELECT tiny, COUNT(DISTINCT num), COUNT(*), SUM(num), MIN(num), MAX(num) FROM things GROUP BY tiny ORDER BY tiny;
SELECT tiny, COUNT(*) AS c, COUNT(DISTINCT yr) AS yr FROM things GROUP BY tiny ORDER BY yr DESC, c, tiny;
SELECT en, COUNT(DISTINCT money), SUM(money), AVG(money), COUNT(money) FROM things GROUP BY en ORDER BY en;
SELECT yr, COUNT(DISTINCT huge), SUM(huge), MIN(ci), MAX(bn), BIT_XOR(num) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT huge), SUM(huge), MIN(k), MAX(day), BIT_XOR(num) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, SUM(DISTINCT tiny), AVG(DISTINCT tiny), COUNT(DISTINCT tiny), SUM(tiny), AVG(tiny) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, AVG(DISTINCT money) AS a, COUNT(*) FROM things GROUP BY yr ORDER BY a, yr LIMIT 3;
SELECT yr, tiny > 3, COUNT(DISTINCT num), COUNT(*) FROM things GROUP BY yr, tiny > 3 ORDER BY 1, 2;
SELECT yr, tiny, COUNT(DISTINCT num, money), COUNT(DISTINCT num, money) + 1, COUNT(*) FROM things GROUP BY yr, tiny ORDER BY 1, 2;
SELECT yr, COUNT(DISTINCT num, money) AS n, COUNT(*) FROM things GROUP BY yr ORDER BY n DESC, yr LIMIT 2 OFFSET 1;
SELECT yr, COUNT(DISTINCT num), COUNT(DISTINCT money), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT t.num), COUNT(DISTINCT num), SUM(dbl IS NULL) FROM things t GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT day), COUNT(*), MIN(day) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT moment), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT span), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT stamp), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT yr), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT dbl), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT ci), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT num % 4), COUNT(*) FROM things GROUP BY yr ORDER BY yr;
SELECT day, COUNT(DISTINCT num) AS n, COUNT(*) FROM things GROUP BY day HAVING n > 0 AND COUNT(*) < 100 ORDER BY day;
SELECT yr, COUNT(DISTINCT num) / COUNT(*) AS q, SUM(money) - COUNT(DISTINCT num) FROM things GROUP BY yr HAVING MAX(num) IS NOT NULL ORDER BY q, yr;
SELECT yr, COUNT(*) FROM things GROUP BY yr ORDER BY COUNT(DISTINCT num) DESC, yr;
SELECT DISTINCT COUNT(DISTINCT num) AS n, COUNT(*) > 2 FROM things GROUP BY yr ORDER BY 1, 2; -- mysql
SELECT COUNT(DISTINCT num), COUNT(*) FROM things GROUP BY yr ORDER BY 1, 2;
SELECT yr AS num, COUNT(DISTINCT num) AS c, COUNT(*) FROM things GROUP BY 1 ORDER BY 1;
SELECT yr, COUNT(DISTINCT num), COUNT(*) FROM things GROUP BY yr WITH ROLLUP;
SELECT v, COUNT(DISTINCT x), COUNT(*) FROM nothing GROUP BY v;
SELECT n, COUNT(DISTINCT k), COUNT(*), SUM(price) FROM parts GROUP BY n ORDER BY n;
SELECT p.n, COUNT(DISTINCT t.yr), COUNT(*), SUM(p.price) FROM parts p JOIN things t ON t.k = p.k GROUP BY p.n ORDER BY p.n;
SELECT p.n, COUNT(DISTINCT t.yr), COUNT(*) FROM parts p LEFT JOIN things t ON t.k = p.k AND t.tiny > 2 GROUP BY p.n ORDER BY p.n;
SELECT product_id, COUNT(DISTINCT user_id) AS users, COUNT(*) AS n, SUM(total) FROM orders GROUP BY product_id ORDER BY users DESC, n, product_id;
SELECT status, COUNT(DISTINCT user_id), COUNT(*), SUM(total) FROM orders GROUP BY status ORDER BY status;
SELECT d.n, COUNT(*) FROM (SELECT yr, COUNT(DISTINCT num) AS n, COUNT(*) AS c FROM things GROUP BY yr) d GROUP BY d.n ORDER BY d.n;
SELECT l.id, (SELECT MAX(d.n) FROM (SELECT COUNT(DISTINCT num) AS n, SUM(num) FROM things GROUP BY yr) d) FROM lumped l ORDER BY l.id;
SELECT yr, COUNT(DISTINCT num), GROUP_CONCAT(k ORDER BY k) FROM things GROUP BY yr ORDER BY yr;
SELECT yr, COUNT(DISTINCT num), MIN(DISTINCT num), MAX(DISTINCT money) FROM things GROUP BY yr ORDER BY yr;
SELECT t1.id AS g0, COUNT(*) AS s0, MIN(t1.status) AS s1 FROM orders AS t1 GROUP BY t1.id HAVING s0 IS NOT NULL ORDER BY COUNT(*), g0; -- ordered
