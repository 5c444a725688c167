-- setup: shop.sql
-- A string as sharding key: utf8mb4_bin distinguishes case and accents, and ignores trailing spaces.

CREATE TABLE codes (
  code VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  label VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  n INT DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci; -- any-warnings
INSERT INTO codes VALUES ('a', 'Anna', 1), ('A', 'anna', 2), ('ä', 'ANNA', 3), ('b ', 'Bob', 4), ('B', 'bob', 5), ('', 'empty', 6), ('1', 'one', 7), ('01', 'one', 8), ('😀', 'smile', 9), ('it''s', 'quote', 10), ('back\\slash', 'escape', 11), ('new\nline', 'escape', 12), ('long-long-long-long-long-long-long-long', NULL, 13), ('%', 'percent', 14), ('_', NULL, 15), ('Straße', 'ß', 16);
SELECT * FROM codes WHERE code = 'a';
SELECT * FROM codes WHERE code = 'A';
SELECT * FROM codes WHERE code = 'ä';
SELECT * FROM codes WHERE code = 'Ä';
SELECT * FROM codes WHERE code = 'b';
SELECT * FROM codes WHERE code = 'b ';
SELECT * FROM codes WHERE code = 'b    ';
SELECT * FROM codes WHERE code = ' b';
SELECT * FROM codes WHERE code = '';
SELECT * FROM codes WHERE code = '  ';
SELECT * FROM codes WHERE code = '1';
SELECT * FROM codes WHERE code = 1; -- any-warnings
SELECT * FROM codes WHERE code = 1.0; -- any-warnings
SELECT * FROM codes WHERE code = 0x61;
SELECT * FROM codes WHERE code = x'41';
SELECT * FROM codes WHERE code = '😀';
SELECT * FROM codes WHERE code = _utf8mb4 'a';
SELECT * FROM codes WHERE code = N'a'; -- any-warnings
SELECT * FROM codes WHERE code = 'it''s';
SELECT * FROM codes WHERE code = 'it\'s';
SELECT * FROM codes WHERE code = "it's";
SELECT * FROM codes WHERE code = 'back\\slash';
SELECT * FROM codes WHERE code = 'new\nline';
SELECT * FROM codes WHERE code = 'i' 't''s';
SELECT * FROM codes WHERE code = CONCAT('a', '');
SELECT * FROM codes WHERE code = 'Straße' AND n = 16;
SELECT * FROM codes WHERE code = 'a' COLLATE utf8mb4_general_ci;
SELECT * FROM codes WHERE code COLLATE utf8mb4_general_ci = 'a';
SELECT * FROM codes WHERE code = BINARY 'a'; -- any-warnings
SELECT * FROM codes WHERE code = BINARY 'b'; -- any-warnings
SELECT * FROM codes WHERE code LIKE 'a';
SELECT * FROM codes WHERE code LIKE 'b';
SELECT * FROM codes WHERE code LIKE 'l%';
SELECT * FROM codes WHERE code <=> 'a';
SELECT * FROM codes WHERE code IN ('a', 'A', 'zz', NULL);
SELECT * FROM codes WHERE code IN ('b', 1); -- any-warnings
SELECT * FROM codes WHERE code > 'a' AND code < 'c';
SELECT * FROM codes WHERE code BETWEEN 'A' AND 'B';
SELECT * FROM codes WHERE code = 'a' AND code = 'A';
SELECT * FROM codes WHERE code = 'a' OR code = 'A';
SELECT * FROM codes WHERE code = label;
SELECT * FROM codes WHERE label = 'ANNA';
SELECT * FROM codes WHERE code IS NULL;
SELECT * FROM codes ORDER BY code;
SELECT * FROM codes ORDER BY code DESC LIMIT 3;
SELECT * FROM codes ORDER BY label, code;
SELECT * FROM codes ORDER BY code COLLATE utf8mb4_general_ci, n;
SELECT code, COUNT(*) FROM codes GROUP BY code ORDER BY code;
SELECT COUNT(*), MIN(n) FROM codes GROUP BY label ORDER BY MIN(n);
SELECT MIN(code), MAX(code) FROM codes;
INSERT INTO codes VALUES ('a', 'dup', 0);
INSERT INTO codes VALUES ('a ', 'dup by pad', 0);
INSERT INTO codes VALUES ('b', 'dup by pad', 0);
INSERT INTO codes (label, code) VALUES ('x', 'B ');
INSERT INTO codes VALUES (17, 'number as key', 17), (18.50, 'decimal as key', 18); -- may-refuse
SELECT * FROM codes WHERE code IN ('17', '18.50');
INSERT INTO codes VALUES (x'7A', 'hex as key', 19), (CONCAT('con', 'cat'), 'expression', 20); -- may-refuse
INSERT INTO codes VALUES (NULL, 'null', 21);
INSERT INTO codes VALUES (REPEAT('x', 41), 'long', 22); -- may-refuse
UPDATE codes SET n = n + 100 WHERE code = 'b';
UPDATE codes SET n = n + 100 WHERE code = 'A ';
UPDATE codes SET label = 'all ones' WHERE label = 'ONE';
UPDATE codes SET code = 'c' WHERE code = 'a';
REPLACE INTO codes VALUES ('b', 'replaced', 40);
INSERT INTO codes VALUES ('B', 'x', 1) ON DUPLICATE KEY UPDATE n = n + 1;
SELECT * FROM codes ORDER BY n, code;
DELETE FROM codes WHERE code = 'b   ';
DELETE FROM codes WHERE code = '' OR code = '%';
SELECT COUNT(*) FROM codes;
SELECT * FROM codes WHERE code = ?; -- bind 'a'
SELECT * FROM codes WHERE code = ?; -- bind 'A '
SELECT * FROM codes WHERE code = ?; -- bind '😀'
SELECT * FROM codes WHERE code = ?; -- bind NULL
SELECT * FROM codes WHERE code = ?; -- bind 1 | any-warnings
SELECT * FROM codes WHERE code IN (?, ?) ORDER BY code; -- bind 'a', 'ä'
INSERT INTO codes VALUES (?, ?, ?); -- bind 'bound ü', 'ü', 5
SELECT * FROM codes WHERE code = ?; -- bind 'bound ü'
DELETE FROM codes WHERE code = ?; -- bind 'bound ü  '
SELECT COUNT(*) FROM codes;
SET NAMES latin1;
SELECT * FROM codes WHERE code = 'a'; -- refused
SELECT id, name FROM users WHERE id = 5;
SET NAMES gbk; -- refused
SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
SELECT * FROM codes WHERE code = 'a';
