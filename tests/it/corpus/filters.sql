-- setup: shop.sql
-- No usable key: every shard, rows as a multiset.

SELECT * FROM users;
SELECT id, name, email FROM users WHERE name = 'bob';
SELECT id FROM users WHERE name = 'bob ';
SELECT id FROM users WHERE name = BINARY 'bob'; -- any-warnings
SELECT id FROM users WHERE name COLLATE utf8mb4_bin = 'bob';
SELECT id FROM users WHERE name LIKE 'b%';
SELECT id FROM users WHERE name LIKE '%s%e%';
SELECT id FROM users WHERE name LIKE '\_%';
SELECT id FROM users WHERE name LIKE '100\%';
SELECT id FROM users WHERE name LIKE '100|%' ESCAPE '|';
SELECT id FROM users WHERE name NOT LIKE '%o%';
SELECT id FROM users WHERE name REGEXP '^[a-b]';
SELECT id FROM users WHERE name RLIKE 'b$';
SELECT id FROM users WHERE name = '';
SELECT id FROM users WHERE name = '😀 smile';
SELECT id, name FROM users WHERE name = 'strasse';
SELECT id, name FROM users WHERE name IN ('anna', 'max', 'ÜNAL');
SELECT id FROM users WHERE name > 'n';
SELECT id FROM users WHERE name BETWEEN 'a' AND 'c';
SELECT id FROM users WHERE email = 'User1@example.org';
SELECT id FROM users WHERE email = 'USER1@EXAMPLE.ORG';
SELECT id FROM users WHERE email IS NULL;
SELECT id FROM users WHERE email IS NOT NULL AND city IS NULL;
SELECT id FROM users WHERE NOT email IS NULL AND NOT active;
SELECT id FROM users WHERE city = 'berlin';
SELECT id FROM users WHERE city = 'zurich';
SELECT id FROM users WHERE city <> 'berlin';
SELECT id FROM users WHERE NOT (city = 'berlin');
SELECT id FROM users WHERE city <=> NULL;
SELECT id FROM users WHERE (city = 'paris') IS NULL;
SELECT id FROM users WHERE (city = 'paris') IS NOT TRUE;
SELECT id FROM users WHERE city IS NULL OR city = 'Wien';
SELECT id FROM users WHERE age = 47;
SELECT id FROM users WHERE age > 50 AND age <= 80;
SELECT id FROM users WHERE age > -1;
SELECT id FROM users WHERE age BETWEEN 20 AND 40 OR age IS NULL;
SELECT id FROM users WHERE age IN (47, 21, 95);
SELECT id FROM users WHERE age % 2 = 0;
SELECT id FROM users WHERE age DIV 10 = 4;
SELECT id FROM users WHERE age & 1;
SELECT id FROM users WHERE age ^ 1 > 60;
SELECT id FROM users WHERE age << 1 > 150;
SELECT id FROM users WHERE ~age & 1;
SELECT id FROM users WHERE !active; -- any-warnings
SELECT id FROM users WHERE balance = 0;
SELECT id FROM users WHERE balance < 0;
SELECT id FROM users WHERE balance > 1000.5;
SELECT id FROM users WHERE balance = '-12.50';
SELECT id FROM users WHERE balance * 2 > 4000;
SELECT id FROM users WHERE score = 0.25;
SELECT id FROM users WHERE score > 1e0 AND score < .3e1;
SELECT id FROM users WHERE score IS NULL;
SELECT id FROM users WHERE born < '1970-01-01';
SELECT id FROM users WHERE born >= DATE '1980-01-01';
SELECT id FROM users WHERE born = 19630204;
SELECT id FROM users WHERE YEAR(born) = 1963;
SELECT id FROM users WHERE MONTH(born) IN (1, 2) AND born IS NOT NULL;
SELECT id FROM users WHERE created > '2024-06-01' AND created < '2024-09-01 12:00';
SELECT id FROM users WHERE created = TIMESTAMP '2024-02-06 01:07:11.250000';
SELECT id FROM users WHERE created > '2024-06-01' + INTERVAL 2 MONTH;
SELECT id FROM users WHERE created BETWEEN '2024-03-01' AND '2024-04-30 23:59:59.999999';
SELECT id FROM users WHERE DATE(created) = '2024-02-06';
SELECT id FROM users WHERE active = 1 AND (age > 60 OR balance < 0) AND name <> 'x';
SELECT id FROM users WHERE active AND (age > 60 XOR balance < 0);
SELECT id FROM users WHERE active || age > 60; -- any-warnings
SELECT id FROM users WHERE active && age > 60; -- any-warnings
SELECT id FROM users WHERE TRUE AND active = 0;
SELECT id FROM users WHERE 1;
SELECT id FROM users WHERE 0;
SELECT id FROM users WHERE NULL;
SELECT id FROM users WHERE 1 = 2;
SELECT id FROM users WHERE 'a' = 'b' OR 2 < 1;
SELECT id FROM orders WHERE status = 'paid';
SELECT id FROM orders WHERE status = 2;
SELECT id FROM orders WHERE status > 'new';
SELECT id FROM orders WHERE status = 'unknown'; -- any-warnings
SELECT id, note FROM orders WHERE note LIKE '%ä';
SELECT id FROM orders WHERE note IS NULL AND total IS NULL;
SELECT id FROM orders WHERE total = 150.00;
SELECT id FROM orders WHERE placed IS NULL;
SELECT id FROM orders WHERE placed >= '2024-05-01' AND total > 100;
SELECT id, total FROM orders WHERE ROUND(total) = 47;
SELECT id FROM orders WHERE LENGTH(note) > 12;
SELECT name, UPPER(name), LOWER(name), REVERSE(name), CONCAT(name, '!', IFNULL(city, '-')) FROM users;
SELECT id, balance + 1, balance * 1.5, balance / 3, -balance, balance DIV 7, balance % 7 FROM users;
SELECT id, score + 1, score * 2, ROUND(score, 1), FLOOR(score), CEIL(score), SIGN(score) FROM users;
SELECT id, age + 1, CAST(age AS SIGNED) - 300, age / 2, CAST(age AS SIGNED) - 200, age IS NULL FROM users;
SELECT id, DATE_FORMAT(created, '%Y/%m/%d %H:%i'), DATEDIFF(created, '2024-01-01'), born + INTERVAL 1 DAY FROM users;
SELECT id, CASE WHEN age > 60 THEN 'old' WHEN age > 30 THEN 'mid' ELSE 'young' END AS stage FROM users;
SELECT id, IF(active, 'yes', NULL) AS is_active, COALESCE(city, email, 'none') FROM users;
SELECT id, LEFT(name, 2), SUBSTRING(name, 2, 3), CHAR_LENGTH(name), LENGTH(name), HEX(name) FROM users;
SELECT id, CAST(balance AS CHAR), CAST(age AS DECIMAL(5,1)), CAST(created AS DATE), CONVERT(name USING latin1) FROM users; -- any-warnings
SELECT id, name = 'bob', name <=> NULL, city IN ('Paris', NULL) FROM users;
SELECT u.name, u.city FROM users u WHERE u.city = 'Oslo';
SELECT name FROM users WHERE id IN (SELECT 5);  -- may-refuse
SELECT * FROM sparse WHERE v IS NULL;
SELECT * FROM sparse WHERE v > 100;
SELECT k + v FROM sparse;
SELECT * FROM products WHERE price > 10 AND category = 'HOME';
SELECT id FROM products WHERE FIND_IN_SET('new', tags) ORDER BY id;
SELECT * FROM audit_log WHERE who = 'bob';
SELECT id, what FROM audit_log WHERE happened > '2024-01-02' ORDER BY id DESC LIMIT 2;
SELECT id FROM users WHERE name = ? AND active = ?; -- bind 'bob', 1
SELECT id FROM users WHERE city = ? OR city IS NULL; -- bind 'Oslo'
SELECT id FROM users WHERE born > ?; -- bind '1980-01-01'
SELECT id FROM users WHERE balance > ? AND score < ?; -- bind 10.5, 2.5d
SELECT id FROM users WHERE name LIKE ?; -- bind '%o%'
SELECT id FROM users WHERE city IN (?, ?) AND age IS NOT NULL; -- bind 'Paris', NULL
SELECT id FROM users LIMIT 5; -- count-only
SELECT id FROM users LIMIT 100; -- unordered
SELECT id FROM users LIMIT 0;
SELECT id FROM users LIMIT 5, 5; -- count-only
SELECT id FROM users LIMIT 5 OFFSET 28; -- count-only
SELECT id FROM users LIMIT 5 OFFSET 100;
SELECT id FROM users WHERE active LIMIT 18446744073709551615;
