-- setup: select_tables.sql
-- UNION, INTERSECT, EXCEPT, VALUES and TABLE.

-- Pairs.
SELECT k FROM things UNION SELECT id FROM lumped;
SELECT k FROM things UNION ALL SELECT id FROM lumped;
SELECT k FROM things INTERSECT SELECT id FROM lumped;
SELECT k FROM things EXCEPT SELECT id FROM lumped;
SELECT k FROM things UNION DISTINCT SELECT id FROM lumped;
(SELECT id FROM lumped) EXCEPT (SELECT k FROM things);
SELECT k FROM things WHERE k > 5 UNION SELECT k FROM things WHERE k < 10;
SELECT k FROM things WHERE k > 5 UNION ALL SELECT k FROM things WHERE k < 10;
SELECT k FROM things WHERE k > 5 INTERSECT SELECT k FROM things WHERE k < 10;
SELECT k FROM things WHERE k > 5 EXCEPT SELECT k FROM things WHERE k < 10;
SELECT k FROM things WHERE k > 5 UNION DISTINCT SELECT k FROM things WHERE k < 10;
(SELECT k FROM things WHERE k < 10) EXCEPT (SELECT k FROM things WHERE k > 5);
SELECT k, n FROM parts UNION SELECT id, v FROM lumped;
SELECT k, n FROM parts UNION ALL SELECT id, v FROM lumped;
SELECT k, n FROM parts INTERSECT SELECT id, v FROM lumped;
SELECT k, n FROM parts EXCEPT SELECT id, v FROM lumped;
SELECT k, n FROM parts UNION DISTINCT SELECT id, v FROM lumped;
(SELECT id, v FROM lumped) EXCEPT (SELECT k, n FROM parts);
SELECT bn FROM things UNION SELECT w FROM lumped;
SELECT bn FROM things UNION ALL SELECT w FROM lumped;
SELECT bn FROM things INTERSECT SELECT w FROM lumped;
SELECT bn FROM things EXCEPT SELECT w FROM lumped;
SELECT bn FROM things UNION DISTINCT SELECT w FROM lumped;
(SELECT w FROM lumped) EXCEPT (SELECT bn FROM things);
SELECT money FROM things UNION SELECT total FROM orders;
SELECT money FROM things UNION ALL SELECT total FROM orders;
SELECT money FROM things INTERSECT SELECT total FROM orders;
SELECT money FROM things EXCEPT SELECT total FROM orders;
SELECT money FROM things UNION DISTINCT SELECT total FROM orders;
(SELECT total FROM orders) EXCEPT (SELECT money FROM things);
SELECT tiny FROM things UNION SELECT price FROM parts;
SELECT tiny FROM things UNION ALL SELECT price FROM parts;
SELECT tiny FROM things INTERSECT SELECT price FROM parts;
SELECT tiny FROM things EXCEPT SELECT price FROM parts;
SELECT tiny FROM things UNION DISTINCT SELECT price FROM parts;
(SELECT price FROM parts) EXCEPT (SELECT tiny FROM things);
SELECT id FROM users UNION SELECT user_id FROM orders;
SELECT id FROM users UNION ALL SELECT user_id FROM orders;
SELECT id FROM users INTERSECT SELECT user_id FROM orders;
SELECT id FROM users EXCEPT SELECT user_id FROM orders;
SELECT id FROM users UNION DISTINCT SELECT user_id FROM orders;
(SELECT user_id FROM orders) EXCEPT (SELECT id FROM users);
SELECT id FROM colors UNION SELECT k FROM nothing;
SELECT id FROM colors UNION ALL SELECT k FROM nothing;
SELECT id FROM colors INTERSECT SELECT k FROM nothing;
SELECT id FROM colors EXCEPT SELECT k FROM nothing;
SELECT id FROM colors UNION DISTINCT SELECT k FROM nothing;
(SELECT k FROM nothing) EXCEPT (SELECT id FROM colors);
SELECT id FROM ledger UNION SELECT id FROM colors;
SELECT id FROM ledger UNION ALL SELECT id FROM colors;
SELECT id FROM ledger INTERSECT SELECT id FROM colors;
SELECT id FROM ledger EXCEPT SELECT id FROM colors;
SELECT id FROM ledger UNION DISTINCT SELECT id FROM colors;
(SELECT id FROM colors) EXCEPT (SELECT id FROM ledger);
SELECT yr, en FROM things WHERE k < 12 UNION SELECT yr, en FROM things WHERE k > 8;
SELECT yr, en FROM things WHERE k < 12 UNION ALL SELECT yr, en FROM things WHERE k > 8;
SELECT yr, en FROM things WHERE k < 12 INTERSECT SELECT yr, en FROM things WHERE k > 8;
SELECT yr, en FROM things WHERE k < 12 EXCEPT SELECT yr, en FROM things WHERE k > 8;
SELECT yr, en FROM things WHERE k < 12 UNION DISTINCT SELECT yr, en FROM things WHERE k > 8;
(SELECT yr, en FROM things WHERE k > 8) EXCEPT (SELECT yr, en FROM things WHERE k < 12);
SELECT day FROM things UNION SELECT moment FROM things;
SELECT day FROM things UNION ALL SELECT moment FROM things;
SELECT day FROM things INTERSECT SELECT moment FROM things;
SELECT day FROM things EXCEPT SELECT moment FROM things;
SELECT day FROM things UNION DISTINCT SELECT moment FROM things;
(SELECT moment FROM things) EXCEPT (SELECT day FROM things);
SELECT 3 UNION SELECT k FROM things WHERE k < 5;
SELECT 3 UNION ALL SELECT k FROM things WHERE k < 5;
SELECT 3 INTERSECT SELECT k FROM things WHERE k < 5;
SELECT 3 EXCEPT SELECT k FROM things WHERE k < 5;
SELECT 3 UNION DISTINCT SELECT k FROM things WHERE k < 5;
(SELECT k FROM things WHERE k < 5) EXCEPT (SELECT 3);
SELECT NULL UNION SELECT num FROM things;
SELECT NULL UNION ALL SELECT num FROM things;
SELECT NULL INTERSECT SELECT num FROM things;
SELECT NULL EXCEPT SELECT num FROM things;
SELECT NULL UNION DISTINCT SELECT num FROM things;
(SELECT num FROM things) EXCEPT (SELECT NULL);
SELECT COUNT(*) FROM things UNION SELECT COUNT(*) FROM lumped;
SELECT COUNT(*) FROM things UNION ALL SELECT COUNT(*) FROM lumped;
SELECT COUNT(*) FROM things INTERSECT SELECT COUNT(*) FROM lumped;
SELECT COUNT(*) FROM things EXCEPT SELECT COUNT(*) FROM lumped;
SELECT COUNT(*) FROM things UNION DISTINCT SELECT COUNT(*) FROM lumped;
(SELECT COUNT(*) FROM lumped) EXCEPT (SELECT COUNT(*) FROM things);
SELECT k FROM things WHERE k = 3 UNION SELECT id FROM lumped WHERE id = 3;
SELECT k FROM things WHERE k = 3 UNION ALL SELECT id FROM lumped WHERE id = 3;
SELECT k FROM things WHERE k = 3 INTERSECT SELECT id FROM lumped WHERE id = 3;
SELECT k FROM things WHERE k = 3 EXCEPT SELECT id FROM lumped WHERE id = 3;
SELECT k FROM things WHERE k = 3 UNION DISTINCT SELECT id FROM lumped WHERE id = 3;
(SELECT id FROM lumped WHERE id = 3) EXCEPT (SELECT k FROM things WHERE k = 3);
SELECT huge FROM things UNION SELECT big FROM things;
SELECT huge FROM things UNION ALL SELECT big FROM things;
SELECT huge FROM things INTERSECT SELECT big FROM things;
SELECT huge FROM things EXCEPT SELECT big FROM things;
SELECT huge FROM things UNION DISTINCT SELECT big FROM things;
(SELECT big FROM things) EXCEPT (SELECT huge FROM things);
SELECT ubig FROM things UNION SELECT num FROM things;
SELECT ubig FROM things UNION ALL SELECT num FROM things;
SELECT ubig FROM things INTERSECT SELECT num FROM things;
SELECT ubig FROM things EXCEPT SELECT num FROM things;
SELECT ubig FROM things UNION DISTINCT SELECT num FROM things;
(SELECT num FROM things) EXCEPT (SELECT ubig FROM things);
SELECT vbin FROM things UNION SELECT blb FROM things;
SELECT vbin FROM things UNION ALL SELECT blb FROM things;
SELECT vbin FROM things INTERSECT SELECT blb FROM things;
SELECT vbin FROM things EXCEPT SELECT blb FROM things;
SELECT vbin FROM things UNION DISTINCT SELECT blb FROM things;
(SELECT blb FROM things) EXCEPT (SELECT vbin FROM things);
SELECT flt FROM things UNION SELECT money FROM things;
SELECT flt FROM things UNION ALL SELECT money FROM things;
SELECT flt FROM things INTERSECT SELECT money FROM things;
SELECT flt FROM things EXCEPT SELECT money FROM things;
SELECT flt FROM things UNION DISTINCT SELECT money FROM things;
(SELECT money FROM things) EXCEPT (SELECT flt FROM things);
SELECT span FROM things UNION SELECT span0 FROM things;
SELECT span FROM things UNION ALL SELECT span0 FROM things;
SELECT span FROM things INTERSECT SELECT span0 FROM things;
SELECT span FROM things EXCEPT SELECT span0 FROM things;
SELECT span FROM things UNION DISTINCT SELECT span0 FROM things;
(SELECT span0 FROM things) EXCEPT (SELECT span FROM things);

-- Order, limits, more than two, in other places.
SELECT k FROM things UNION SELECT id FROM lumped ORDER BY k;
SELECT k FROM things UNION SELECT id FROM lumped ORDER BY 1 DESC LIMIT 5;
SELECT k AS x FROM things UNION ALL SELECT id FROM lumped ORDER BY x LIMIT 5 OFFSET 10;
(SELECT k FROM things ORDER BY k LIMIT 3) UNION ALL (SELECT id FROM lumped ORDER BY id DESC LIMIT 3) ORDER BY 1;
(SELECT k FROM things ORDER BY money DESC, k LIMIT 3) UNION ALL (SELECT id FROM lumped ORDER BY id LIMIT 2, 3);
(SELECT k FROM things ORDER BY k LIMIT 3) UNION (SELECT k FROM things ORDER BY k DESC LIMIT 3) ORDER BY k;
SELECT k, 'things' AS t FROM things UNION ALL SELECT id, 'lumped' FROM lumped ORDER BY t, k;
SELECT k, money FROM things UNION ALL SELECT id, total FROM orders ORDER BY 1, 2;
SELECT k FROM things UNION SELECT id FROM lumped UNION SELECT id FROM colors ORDER BY 1;
SELECT k FROM things UNION ALL SELECT id FROM lumped UNION SELECT id FROM colors ORDER BY 1;
SELECT k FROM things UNION SELECT id FROM lumped UNION ALL SELECT id FROM colors ORDER BY 1;
SELECT k FROM things EXCEPT SELECT id FROM lumped EXCEPT SELECT id FROM colors ORDER BY 1;
SELECT k FROM things INTERSECT SELECT id FROM lumped UNION SELECT 1000 ORDER BY 1;
(SELECT 1000 UNION SELECT k FROM things) INTERSECT SELECT id FROM lumped ORDER BY 1;
(SELECT k FROM things UNION SELECT id FROM lumped) EXCEPT (SELECT id FROM colors UNION SELECT 7) ORDER BY 1;
SELECT k FROM things EXCEPT ALL SELECT k FROM parts ORDER BY 1;
SELECT k FROM parts EXCEPT ALL SELECT k FROM things ORDER BY 1;
SELECT k FROM parts INTERSECT ALL SELECT n FROM parts ORDER BY 1;
SELECT yr FROM things INTERSECT ALL SELECT yr FROM things WHERE k > 6 ORDER BY 1;
SELECT yr, COUNT(*) AS n FROM things GROUP BY yr UNION ALL SELECT v, COUNT(*) FROM lumped GROUP BY v ORDER BY yr, n;
SELECT SUM(money) AS s FROM things UNION ALL SELECT SUM(total) FROM orders;
SELECT * FROM lumped UNION SELECT id, v, w FROM lumped ORDER BY id;
SELECT * FROM things WHERE k < 5 UNION ALL SELECT * FROM things WHERE k > 22 ORDER BY k;
SELECT t.k FROM things t JOIN parts p ON p.k = t.k UNION SELECT l.id FROM lumped l JOIN users u ON u.id = l.id ORDER BY 1;
SELECT k FROM things WHERE k IN (SELECT id FROM lumped) UNION SELECT id FROM lumped WHERE id IN (SELECT k FROM things) ORDER BY 1;
SELECT COUNT(*) FROM (SELECT k FROM things UNION SELECT id FROM lumped) u;
SELECT u.x, COUNT(*) FROM (SELECT k AS x FROM things UNION ALL SELECT id FROM lumped UNION ALL SELECT n FROM parts) u GROUP BY u.x ORDER BY u.x;
SELECT t.k, u.x FROM things t JOIN (SELECT id AS x FROM lumped UNION SELECT id FROM colors) u ON u.x = t.k ORDER BY 1;
SELECT (SELECT MAX(x) FROM (SELECT k AS x FROM things UNION SELECT id FROM lumped) u) AS m;
SELECT k FROM things WHERE EXISTS (SELECT 1 FROM lumped WHERE id = k UNION SELECT 1 FROM colors WHERE colors.id = k) ORDER BY k;
SELECT 1 AS a UNION SELECT 2 UNION SELECT k FROM nothing;
SELECT 'a' AS a UNION SELECT bn FROM things WHERE k < 3;
SELECT CAST(1 AS DECIMAL(5,2)) AS a UNION SELECT money FROM things WHERE k < 4;
SELECT en FROM things WHERE k < 9 UNION SELECT tags FROM things WHERE k < 9;
SELECT ch FROM things WHERE k = 3 UNION ALL SELECT txt FROM things WHERE k = 4;
SELECT js FROM things WHERE k = 1 UNION ALL SELECT js FROM things WHERE k = 2;
SELECT k FROM things UNION SELECT k FROM nothing ORDER BY k LIMIT 3;
SELECT k FROM nothing UNION ALL SELECT v FROM nothing;
SELECT k FROM things WHERE k > 20 UNION ALL SELECT k FROM things WHERE k > 20 ORDER BY k;
SELECT DISTINCT yr FROM things UNION ALL SELECT DISTINCT yr FROM things ORDER BY yr;
SELECT yr FROM things UNION SELECT yr FROM things ORDER BY yr + 0; -- mariadb
SELECT k FROM things UNION SELECT id FROM lumped ORDER BY k IS NULL, k; -- mariadb
SELECT SQL_CALC_FOUND_ROWS k FROM things UNION SELECT id FROM lumped ORDER BY 1 LIMIT 2;
SELECT FOUND_ROWS(); -- any-warnings
SELECT k, n FROM parts UNION SELECT id FROM lumped;
SELECT k FROM things UNION SELECT id FROM lumped ORDER BY money;
SELECT id FROM audit_log UNION SELECT id FROM ledger ORDER BY 1;
SELECT who FROM audit_log UNION ALL SELECT who FROM ledger;
SELECT name FROM colors UNION ALL SELECT name FROM products ORDER BY 1; -- unordered
SELECT k FROM things LIMIT 0;
(SELECT k FROM things WHERE k = 3);
(SELECT k FROM things) ORDER BY k LIMIT 2;
((SELECT k FROM things) UNION (SELECT id FROM lumped)) ORDER BY k LIMIT 2;
VALUES ROW(1, 'a'), ROW(2, 'b'); -- mysql
VALUES ROW(1, 'a'), ROW(2, 'b') ORDER BY column_0 DESC; -- mysql
VALUES ROW(1) UNION SELECT k FROM things WHERE k < 3; -- mysql
VALUES (1, 'a'), (2, 'b'); -- mariadb
VALUES (1) UNION SELECT k FROM things WHERE k < 3; -- mariadb | any-columns
TABLE lumped; -- mysql
TABLE things; -- mysql
TABLE lumped ORDER BY id LIMIT 3; -- mysql
TABLE nothing; -- mysql
TABLE colors ORDER BY id; -- mysql
TABLE ledger ORDER BY id; -- mysql
TABLE lumped UNION SELECT id, v, code FROM lumped JOIN colors USING (id); -- mysql
SELECT k FROM things WHERE k IN (VALUES ROW(3), ROW(5)) ORDER BY k; -- mysql
SELECT k FROM things WHERE k IN (VALUES (3), (5)) ORDER BY k; -- mariadb
SELECT k FROM things WHERE (k, 1) IN (SELECT id, v FROM lumped) ORDER BY k;
SELECT k FROM things WHERE (k, v) IN (TABLE nothing); -- mysql
SELECT id FROM lumped WHERE (id, v, w) IN (TABLE lumped) ORDER BY id; -- mysql
SELECT t.k, v.column_1 FROM things t JOIN (VALUES ROW(3, 'x'), ROW(4, 'y')) AS v ON v.column_0 = t.k ORDER BY 1; -- mysql
SELECT t.k, v.b FROM things t JOIN (VALUES ROW(3, 'x'), ROW(4, 'y')) AS v (a, b) ON v.a = t.k ORDER BY 1; -- mysql
WITH v (a, b) AS (VALUES (3, 'x'), (4, 'y')) SELECT t.k, v.b FROM things t JOIN v ON v.a = t.k ORDER BY 1; -- mariadb

-- INTERSECT binds tighter than UNION; a NULL has no type of its own.
SELECT 1000 UNION SELECT k FROM things INTERSECT SELECT id FROM lumped ORDER BY 1;
SELECT t1.code AS x0 FROM colors t1 UNION SELECT NULL FROM orders t2 INTERSECT SELECT NULL FROM things t3 RIGHT JOIN colors t4 ON t4.code = t3.bn;
SELECT bin4 FROM things WHERE k < 12 UNION SELECT bin4 FROM things WHERE k > 9;
SELECT yr, COUNT(*) FROM things GROUP BY yr UNION SELECT NULL, COUNT(*) FROM things ORDER BY 1, 2;
SELECT NULL AS x0 FROM order_items UNION ALL SELECT NULL FROM things UNION SELECT day FROM things;
SELECT email AS x0 FROM users UNION ALL SELECT NULL FROM parts;
