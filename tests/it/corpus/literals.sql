-- setup: shop.sql
-- Statements without tables, literals of all forms, comments, identifiers, keywords, long texts.

SELECT 1;
SELECT 1 AS one, 2 two, 3 AS `three`, 4 AS 'four', 5 AS "five";
SELECT -1, +1, - -1, 0, 00, 007;
SELECT 1.0, 1.50, .5, 5., 1e3, 1E-3, -1.5e+2;
SELECT 9223372036854775807, -9223372036854775808, 18446744073709551615, 99999999999999999999;
SELECT 123456789012345678901234567890.123456789012345678901234567890;
SELECT 0x41, x'41', X'4142', 0b1000001, b'1000001', B'0';
SELECT x'41', b'1000001', 0x4142;
SELECT HEX(0xDEADBEEF), 0x10 + 0, x'' = '';
SELECT TRUE, FALSE, true, NULL, null;
SELECT 'single', "double", 'it''s', "say ""hi""", 'a\'b', "a\"b";
SELECT 'a' 'b' "c";
SELECT 'tab\tnew\nline\rreturn\0nul\\backslash\Zctrl\%percent\_under\xother';
SELECT '', ' ', '   trailing   ', LENGTH('  ');
SELECT 'Ärger', '李雷', '😀', 'e\u0301', CHAR_LENGTH('😀'), LENGTH('😀');
SELECT _utf8mb4 'ä', _latin1 x'E4', _binary 'x', N'national'; -- any-warnings
SELECT _utf8mb4'x' COLLATE utf8mb4_bin = 'X', 'x' COLLATE utf8mb4_general_ci = 'X';
SELECT DATE '2024-02-29', TIME '12:30:45.5', TIMESTAMP '2024-02-29 12:30:45.123456';
SELECT DATE '2024-02-29' + INTERVAL 1 YEAR, '2024-01-31' + INTERVAL 1 MONTH;
SELECT INTERVAL(5, 1, 3, 10), ELT(2, 'a', 'b'), FIELD('b', 'a', 'b');
SELECT 1 + 1, 5 - 7, 3 * 4, 7 / 2, 7 DIV 2, 7 % 2, 7 MOD 2, -7 DIV 2;
SELECT 1 = 1, 1 <> 2, 1 != 1, 1 <=> NULL, NULL <=> NULL, 1 < 2, 2 >= 3;
SELECT NOT 1, NOT 0, 1 AND 0, 1 OR 0, 1 XOR 1, NULL AND 0, NULL OR 1;
SELECT 1 & 3, 1 | 2, 1 ^ 3, ~0, 1 << 4, 256 >> 4;
SELECT 'a' = 'A', 'a' = 'a ', 'a' LIKE 'a ', 'ä' = 'a', BINARY 'a' = 'A'; -- any-warnings
SELECT 'abc' LIKE 'a%', 'abc' NOT LIKE '_b_', 'a%c' LIKE 'a\%c', 'abc' REGEXP '^a.c$';
SELECT 5 BETWEEN 1 AND 10, 5 NOT BETWEEN 1 AND 10, 5 IN (1, 5), 5 NOT IN (1, NULL);
SELECT NULL IS NULL, 1 IS NOT NULL, 1 IS TRUE, NULL IS UNKNOWN, 0 IS FALSE;
SELECT IF(1 > 2, 'a', 'b'), IFNULL(NULL, 'x'), NULLIF(1, 1), COALESCE(NULL, NULL, 3);
SELECT CASE 1 WHEN 1 THEN 'one' ELSE 'other' END, CASE WHEN NULL THEN 1 END;
SELECT GREATEST(1, 5, 3), LEAST('b', 'a'), GREATEST(1, NULL);
SELECT CAST(1.5 AS SIGNED), CAST('12' AS UNSIGNED), CAST(5 AS CHAR), CAST('2024-01-01' AS DATE), CAST(1 AS DECIMAL(5,2));
SELECT CONVERT('12', SIGNED), CONVERT('ä' USING latin1), CAST('a' AS BINARY(3));
SELECT CONCAT('a', 1, 2.5, NULL), CONCAT_WS(',', 'a', NULL, 'b'), REPEAT('ab', 3), REVERSE('abc');
SELECT UPPER('äb'), LOWER('ÄB'), TRIM('  x '), LTRIM(' x'), TRIM(BOTH 'x' FROM 'xaxx'), LPAD('a', 3, '-');
SELECT SUBSTRING('abcdef', 2, 3), SUBSTRING('abcdef' FROM -2), LEFT('abc', 2), RIGHT('abc', 2), MID('abc', 2, 1);
SELECT LOCATE('b', 'abc'), INSTR('abc', 'c'), POSITION('a' IN 'abc'), REPLACE('aaa', 'a', 'b'), SUBSTRING_INDEX('a.b.c', '.', 2);
SELECT ABS(-5), CEIL(1.2), FLOOR(-1.2), ROUND(2.5), ROUND(-2.5), ROUND(1.2345, 2), TRUNCATE(1.999, 1), SIGN(-3), MOD(10, 3);
SELECT POW(2, 10), SQRT(16), EXP(0), LN(1), LOG2(8), LOG10(1000), PI();
SELECT MD5('a'), SHA1('a'), SHA2('a', 256), CRC32('a'), HEX('abc'), UNHEX('616263'), TO_BASE64('abc');
SELECT DATE_ADD('2024-01-31', INTERVAL 1 DAY), DATE_SUB('2024-03-01', INTERVAL 1 MONTH), DATEDIFF('2024-03-01', '2024-02-01');
SELECT YEAR('2024-05-06'), MONTH('2024-05-06'), DAY('2024-05-06'), DAYOFWEEK('2024-05-06'), WEEK('2024-05-06'), LAST_DAY('2024-02-01');
SELECT EXTRACT(YEAR_MONTH FROM '2024-05-06'), DATE_FORMAT('2024-05-06 07:08:09', '%W %M %Y %H:%i:%s'), STR_TO_DATE('06.05.2024', '%d.%m.%Y');
SELECT TIMEDIFF('12:00:00', '10:30:00'), SEC_TO_TIME(3661), TIME_TO_SEC('01:01:01'), MAKEDATE(2024, 60), UNIX_TIMESTAMP('2024-01-01 00:00:00');
SELECT TIMESTAMPDIFF(DAY, '2024-01-01', '2024-03-01'), TIMESTAMPADD(HOUR, 1, '2024-01-01');
SELECT JSON_OBJECT('a', 1), JSON_ARRAY(1, 'x', NULL), JSON_EXTRACT('{"a": [1, 2]}', '$.a[1]'), JSON_VALID('{}'), JSON_UNQUOTE('"x"');
SELECT INET_ATON('10.0.0.1'), INET_NTOA(167772161), BIT_COUNT(7), CONV('ff', 16, 10), ASCII('a'), CHAR(65, 66), ORD('ä');
SELECT (1, 2) = (1, 2), ROW(1, 2) = ROW(1, 3), (1, 2) IN ((1, 2), (3, 4));
SELECT 1 FROM DUAL;
SELECT 1 FROM dual WHERE 1 = 1;
SELECT 1 WHERE 0;
SELECT 1 LIMIT 0;
SELECT 1 ORDER BY 1;
SELECT COUNT(*), MAX(1), SUM(2);
SELECT DISTINCT 1;
SELECT 1 HAVING 1;
SELECT SLEEP(0);
SELECT BENCHMARK(1, 1);
SELECT CHARSET('a'), COLLATION('a'), COERCIBILITY('a');
SELECT 1 /* comment */ + /* another; with semicolon */ 1;
SELECT 1 -- to the end; of the line
 + 1;
SELECT 1 # to the end of the line
 + 1;
SELECT 1 --1;
SELECT /*! 1 + */ 1;
SELECT /*!40101 1 + */ 1;
SELECT /*!99999 1 + */ 1; -- may-refuse
SELECT /*+ NO_SUCH_HINT(x) */ 1; -- any-warnings
/* leading */ SELECT 1;
/* leading */ -- and more
SELECT id FROM users WHERE /* inside */ id /* = 6 */ = 5;
SELECT id FROM users WHERE id = 5 /* OR id = 6 */ AND name <> '/* no comment */' AND name <> '-- none';
SELECT 'a -- b', 'a /* b */ c', 'a # b', 'a ; b';
sElEcT Id FrOm users wHeRe iD = 5 oRdEr bY iD lImIt 1;
SELECT`id`FROM`users`WHERE`id`=5;
SELECT id FROM users WHERE id=5 AND 1=1 AND(name='Ärger');
SELECT
	id,
	name
FROM
	users
WHERE
	id = 5;
   SELECT    id   FROM   users   WHERE   id   =   5   ;
SELECT id AS `a b`, name AS `sel``ect`, age AS `ключ`, balance AS 'quo''ted' FROM users WHERE id = 5;
SELECT id AS `select`, name AS `from`, age AS `where` FROM users ORDER BY `select` LIMIT 2;
SELECT u.`id`, `u`.name FROM `users` `u` WHERE `u`.`id` = 5;
SELECT id end_, name key_ FROM users WHERE id = 5;
SELECT name AS name, name AS NAME, name nAmE FROM users WHERE id = 5;
SELECT id, id, id FROM users WHERE id = 5;
SELECT id + 1, id+1, id  +  1 FROM users WHERE id = 5;
SELECT name='x', (name), ((name)), name IS NULL FROM users WHERE id = 5;
SELECT COUNT(*), count( id ), Max(id) FROM users;
SELECT 'x' FROM users ORDER BY id LIMIT 2;
SELECT LENGTH('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx');
SELECT REPEAT('x', 300);
SELECT REPEAT('long ', 20000);
SELECT LENGTH(REPEAT('x', 1000000));
SELECT REPEAT('ä', 40000) AS a, REPEAT('b', 70000) AS b;
SELECT id, REPEAT(name, 1000) FROM users ORDER BY id LIMIT 3;
INSERT INTO audit_log (who, what) VALUES ('esc', 'quote '' dquote " back \\ nl \n nul \0 pct % 😀');
INSERT INTO audit_log (who, what) VALUES ('bin', x'C3A4'), ('hex', 0x41), ('intro', _utf8mb4 'ä');
SELECT who, what, HEX(what) FROM audit_log WHERE id > 4 ORDER BY id;
INSERT INTO orders (id, user_id, product_id, note) VALUES (700, 3, 1, 'a;b'), (701, 4, 1, '(1, 2), (3'), (702, 5, 1, 'VALUES ('), (703, 6, 1, "it's; -- x"), (704, 7, 1, '\\'), (705, 8, 1, '\'');
SELECT id, note FROM orders WHERE id >= 700 ORDER BY id;
SELECT id FROM orders WHERE note = '\\' OR note = '\'' ORDER BY id;
SELECT ?; -- bind 1
SELECT ?, ?, ?, ?; -- bind 'text ä', 1.50, NULL, 2.5d
SELECT ? + ?; -- bind 1, 2
SELECT CONCAT(?, ?); -- bind 'a?', '?b'
SELECT '?', "?", `id` FROM users /* ? */ WHERE id = ? -- ?
; -- bind 5
