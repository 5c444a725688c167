-- setup: select_tables.sql
-- Order, limits, DISTINCT.

-- Every type, selected or not.
SELECT k FROM things ORDER BY tiny DESC, usmall, k LIMIT 7 OFFSET 0;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.tiny, t.usmall DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY utiny DESC, huge, k LIMIT 7 OFFSET 1;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.utiny, t.huge DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY small DESC, noon, k LIMIT 7 OFFSET 2;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.small, t.noon DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY usmall DESC, bn, k LIMIT 7 OFFSET 3;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.usmall, t.bn DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY med DESC, en, k LIMIT 7 OFFSET 4;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.med, t.en DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY umed DESC, umed, k LIMIT 7 OFFSET 5;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.umed, t.umed DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY num DESC, flt, k LIMIT 7 OFFSET 6;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.num, t.flt DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY unum DESC, span, k LIMIT 7 OFFSET 7;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.unum, t.span DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY big DESC, la, k LIMIT 7 OFFSET 8;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.big, t.la DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY ubig DESC, tiny, k LIMIT 7 OFFSET 0;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.ubig, t.tiny DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY huge DESC, unum, k LIMIT 7 OFFSET 1;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.huge, t.unum DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY money DESC, bits, k LIMIT 7 OFFSET 2;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.money, t.bits DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY flt DESC, yr, k LIMIT 7 OFFSET 3;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.flt, t.yr DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY dbl DESC, blb, k LIMIT 7 OFFSET 4;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.dbl, t.blb DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY bits DESC, small, k LIMIT 7 OFFSET 5;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.bits, t.small DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY day DESC, ubig, k LIMIT 7 OFFSET 6;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.day, t.ubig DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY moment DESC, moment, k LIMIT 7 OFFSET 7;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.moment, t.moment DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY noon DESC, ci, k LIMIT 7 OFFSET 8;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.noon, t.ci DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY stamp DESC, vbin, k LIMIT 7 OFFSET 0;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.stamp, t.vbin DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY span DESC, med, k LIMIT 7 OFFSET 1;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.span, t.med DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY span0 DESC, money, k LIMIT 7 OFFSET 2;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.span0, t.money DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY yr DESC, stamp, k LIMIT 7 OFFSET 3;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.yr, t.stamp DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY ch DESC, ai, k LIMIT 7 OFFSET 4;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.ch, t.ai DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY ci DESC, tags, k LIMIT 7 OFFSET 5;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.ci, t.tags DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY bn DESC, num, k LIMIT 7 OFFSET 6;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.bn, t.num DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY ai DESC, dbl, k LIMIT 7 OFFSET 7;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.ai, t.dbl DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY la DESC, span0, k LIMIT 7 OFFSET 8;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.la, t.span0 DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY txt DESC, txt, k LIMIT 7 OFFSET 0;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.txt, t.txt DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY blb DESC, utiny, k LIMIT 7 OFFSET 1;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.blb, t.utiny DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY bin4 DESC, big, k LIMIT 7 OFFSET 2;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.bin4, t.big DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY vbin DESC, day, k LIMIT 7 OFFSET 3;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.vbin, t.day DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY en DESC, ch, k LIMIT 7 OFFSET 4;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.en, t.ch DESC, l.id, t.k LIMIT 9;
SELECT k FROM things ORDER BY tags DESC, bin4, k LIMIT 7 OFFSET 5;
SELECT l.id, t.k FROM lumped l JOIN things t ON t.k > l.id ORDER BY t.tags, t.bin4 DESC, l.id, t.k LIMIT 9;

-- Expressions, aliases, positions.
SELECT k, money AS m FROM things ORDER BY m DESC, k;
SELECT k, -money AS m FROM things ORDER BY m, 1;
SELECT money, k FROM things ORDER BY 1 DESC, 2;
SELECT k FROM things ORDER BY money IS NULL, money, k;
SELECT k FROM things ORDER BY ISNULL(yr), yr DESC, k;
SELECT k FROM things ORDER BY FIELD(en, 'medium', 'small', 'Large'), k;
SELECT k FROM things ORDER BY FIELD(k, 9, 5, 3) DESC, k;
SELECT k FROM things ORDER BY en + 0 DESC, k;
SELECT k FROM things ORDER BY CHAR_LENGTH(ci), k;
SELECT k FROM things ORDER BY LOWER(bn), k;
SELECT k FROM things ORDER BY ci COLLATE utf8mb4_bin, k;
SELECT k FROM things ORDER BY bn COLLATE utf8mb4_unicode_ci, k;
SELECT k FROM things ORDER BY HEX(vbin) DESC, k;
SELECT k FROM things ORDER BY ABS(num), k;
SELECT k FROM things ORDER BY k % 4, k DESC;
SELECT k FROM things ORDER BY CASE WHEN money > 50 THEN 0 WHEN money IS NULL THEN 1 ELSE 2 END, k;
SELECT k FROM things ORDER BY IF(yr > 2000, yr, 0) DESC, k;
SELECT k FROM things ORDER BY DATE(moment), TIME(moment) DESC, k;
SELECT k FROM things ORDER BY money * tiny, k;
SELECT k FROM things ORDER BY CONCAT(IFNULL(ci, ''), IFNULL(bn, '')), k;
SELECT k FROM things ORDER BY CAST(money AS SIGNED), k;
SELECT k FROM things ORDER BY JSON_EXTRACT(js, '$.a') IS NULL, k;
SELECT k FROM things ORDER BY NULL, k;
SELECT k FROM things ORDER BY 'constant', k;
SELECT k AS n, num AS k FROM things ORDER BY k, n;
SELECT num AS k FROM things ORDER BY things.k;
SELECT k, k + 1 AS k1 FROM things ORDER BY k1 DESC LIMIT 3;
SELECT k FROM things ORDER BY k LIMIT 1000000;
SELECT k FROM things ORDER BY k LIMIT 18446744073709551615 OFFSET 20;
SELECT k FROM things ORDER BY k LIMIT 5 OFFSET 1000000000;
SELECT k FROM things ORDER BY k LIMIT 20, 100;
SELECT k FROM things ORDER BY k LIMIT 0;
SELECT k FROM things ORDER BY k LIMIT 0, 5;
SELECT k FROM things ORDER BY k DESC LIMIT 1;
SELECT DISTINCT yr FROM things ORDER BY yr LIMIT 2;
SELECT DISTINCT yr FROM things ORDER BY yr DESC LIMIT 2 OFFSET 1;
SELECT DISTINCT yr, en FROM things ORDER BY en, yr;
SELECT DISTINCT yr + 1 AS y FROM things ORDER BY y;
SELECT DISTINCT k % 3 AS m, yr IS NULL AS n FROM things ORDER BY m DESC, n;
SELECT DISTINCT money FROM things ORDER BY -money;
SELECT DISTINCT huge FROM things ORDER BY huge;
SELECT DISTINCT day, moment FROM things ORDER BY day, moment;
SELECT DISTINCT blb FROM things ORDER BY blb;
SELECT DISTINCT 1 FROM things;
SELECT DISTINCT * FROM lumped ORDER BY id;
SELECT DISTINCT l.v, t.en FROM lumped l JOIN things t ON t.tiny = l.v ORDER BY 1, 2;
SELECT SQL_CALC_FOUND_ROWS k FROM things ORDER BY k LIMIT 3;
SELECT FOUND_ROWS(); -- any-warnings
SELECT SQL_CALC_FOUND_ROWS k FROM things ORDER BY money, k LIMIT 3 OFFSET 2;
SELECT FOUND_ROWS(); -- any-warnings
SELECT SQL_CALC_FOUND_ROWS DISTINCT yr FROM things ORDER BY yr LIMIT 1;
SELECT FOUND_ROWS(); -- any-warnings
SELECT SQL_CALC_FOUND_ROWS k FROM things WHERE k = 3 LIMIT 0;
SELECT FOUND_ROWS(); -- any-warnings
SELECT SQL_CALC_FOUND_ROWS l.id FROM lumped l JOIN things t ON t.tiny = l.v ORDER BY l.id, t.k LIMIT 1;
SELECT FOUND_ROWS(); -- any-warnings
SELECT k FROM things ORDER BY k LIMIT 2;
SELECT FOUND_ROWS(); -- any-warnings
SELECT k FROM nothing ORDER BY v;
SELECT * FROM things ORDER BY k DESC LIMIT 2;
SELECT t.*, 1 AS one FROM things t ORDER BY t.money DESC, t.k LIMIT 2;
SELECT k, money FROM things WHERE money > 0 ORDER BY (SELECT MAX(id) FROM lumped) - k;
SELECT name FROM users ORDER BY name, id;
SELECT id FROM users ORDER BY city, name DESC, id LIMIT 10;
SELECT id FROM users ORDER BY email COLLATE utf8mb4_general_ci, id;
SELECT id FROM orders ORDER BY status, total DESC, id LIMIT 15;
SELECT id FROM orders ORDER BY status DESC, placed, id LIMIT 3, 15;
SELECT k, n FROM parts ORDER BY label, price DESC, k, n;
SELECT k, n FROM parts ORDER BY made, qty, k DESC, n;
SELECT id FROM lumped ORDER BY w, id;
SELECT id FROM colors ORDER BY weight DESC, id;
SELECT id FROM ledger ORDER BY at, id;
SELECT k FROM things WHERE k IN (5, 3, 9) ORDER BY money, k;
SELECT k FROM things WHERE k = 5 ORDER BY money;
SELECT k FROM things ORDER BY `k` DESC, `things`.`money` LIMIT 3;
SELECT RAND() FROM things; -- count-only
SELECT k FROM things ORDER BY RAND(); -- unordered
SELECT k FROM things ORDER BY RAND(), k; -- unordered
SELECT k FROM things ORDER BY RAND() LIMIT 3; -- count-only
SELECT UUID() FROM things; -- count-only
