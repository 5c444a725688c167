-- setup: shop.sql
-- A table with every column type, and what each does in reads, scatter, ORDER BY and aggregates.

CREATE TABLE kinds (
  k INT NOT NULL PRIMARY KEY,
  c_tiny TINYINT DEFAULT NULL,
  c_utiny TINYINT UNSIGNED DEFAULT NULL,
  c_small SMALLINT DEFAULT NULL,
  c_medium MEDIUMINT DEFAULT NULL,
  c_int INT DEFAULT NULL,
  c_uint INT UNSIGNED DEFAULT NULL,
  c_big BIGINT DEFAULT NULL,
  c_ubig BIGINT UNSIGNED DEFAULT NULL,
  c_dec DECIMAL(30,10) DEFAULT NULL,
  c_dec0 DECIMAL(20,0) DEFAULT NULL,
  c_float FLOAT DEFAULT NULL,
  c_double DOUBLE DEFAULT NULL,
  c_bit BIT(10) DEFAULT NULL,
  c_date DATE DEFAULT NULL,
  c_dt DATETIME(6) DEFAULT NULL,
  c_ts TIMESTAMP NULL DEFAULT NULL,
  c_time TIME(3) DEFAULT NULL,
  c_year YEAR DEFAULT NULL,
  c_char CHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_ci VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_cs VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  c_uni VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DEFAULT NULL,
  c_latin VARCHAR(50) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL,
  c_ascii VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  c_binary BINARY(4) DEFAULT NULL,
  c_varbinary VARBINARY(20) DEFAULT NULL,
  c_text TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
  c_blob BLOB,
  c_enum ENUM('small','Large','medium') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_set SET('a','b','c','d') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  c_json JSON DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci; -- any-warnings
INSERT INTO kinds VALUES
  (-3,0,0,0,0,2147483647,4294967295,9223372036854775807,18446744073709551615,12345678901234567890.0123456789,99999999999999999999,1.5,1.5e10,b'0','1000-01-01','2024-02-01 00:30:00.000000','2020-01-15 12:00:00','00:00:00',1901,'Bob','Bob','Bob','Bob','Bob','Bob',x'00000000',x'','text Bob',x'0000FF','small','','{"a": 1}'),
  (-2,1,2,250,60000,-2147483648,0,-9223372036854775808,0,-12345678901234567890.0123456789,-99999999999999999999,-1.5,-1.5e10,b'1','1999-02-02','2024-02-02 01:30:00.000001','2020-02-15 12:00:01','-838:59:59',2155,'bob','bob','bob','bob','bob','bob',x'61',x'00','text bob',x'0100FE','Large','a','[1, 2]'),
  (-1,-1,2,-250,-60000,0,2147483648,0,9223372036854775808,0,0,0,0,b'1111111111','2024-03-03','2024-02-03 02:30:00.999999','2020-03-15 12:00:02','838:59:59',2024,'BOB ','BOB ','BOB ','BOB ','BOB ','BOB ',x'FF00FF00',x'0000','text BOB ',x'0200FD','medium','b','"text"'),
  (0,127,254,31750,7620000,1,1,-1,9223372036854775807,0.0000000001,1,0.25,0.125,b'101','2024-04-04','2024-02-04 03:30:00.500000','2020-04-15 12:00:03','12:30:45.123',2000,'bob','bob','bob','bob','bob','bob','abcd',x'FF','text bob',x'0300FC','small','a,b','null'),
  (1,-128,255,-32000,-7680000,-7,7,1,1,-0.0000000001,-1,-0.25,-0.125,b'10','9999-05-05','2024-02-05 04:30:00.100000','2020-05-15 12:00:04','-00:00:01.500',1999,'Ärger','Ärger','Ärger','Ärger','Ärger','ascii','ab','a','text Ärger',x'0400FB','Large','c','true'),
  (2,5,10,1250,300000,100,100,4611686018427387904,2,1.5,10,1024,1e100,b'1000000000','1970-06-06','2024-02-06 05:30:00.120000','2020-06-15 12:00:05','23:59:59.999',1970,'arger','arger','arger','arger','arger','arger',x'0A0D','A','text arger',x'0500FA','medium','a,c','{"b": {"c": [1]}}'),
  (3,5,10,1250,300000,99,99,10,10,10,9,10,10,b'111','2000-07-07','2024-02-07 06:30:00.123456','2020-07-15 12:00:06','10:00:00',2024,'','','','','','',x'2700',x'5C27','text ',x'0600F9','small','d','[]'),
  (4,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
  (5,0,0,0,0,2147483647,4294967295,9223372036854775807,18446744073709551615,12345678901234567890.0123456789,99999999999999999999,1.5,1.5e10,b'0','1000-09-09','2024-02-09 08:30:00.000000','2020-09-15 12:00:08','00:00:00',1901,'😀','😀','😀','😀','latin','ascii',x'00000000',x'','text 😀',x'0800F7','medium','','{"a": 1}'),
  (6,1,2,250,60000,-2147483648,0,-9223372036854775808,0,-12345678901234567890.0123456789,-99999999999999999999,-1.5,-1.5e10,b'1','1999-10-10','2024-02-10 09:30:00.000001','2020-10-15 12:00:09','-838:59:59',2155,'😁','😁','😁','😁','latin','ascii',x'61',x'00','text 😁',x'0900F6','small','a','[1, 2]'),
  (7,-1,2,-250,-60000,0,2147483648,0,9223372036854775808,0,0,0,0,b'1111111111','2024-11-11','2024-02-11 10:30:00.999999','2020-11-15 12:00:10','838:59:59',2024,'ß','ß','ß','ß','ß','ascii',x'FF00FF00',x'0000','text ß',x'0A00F5','Large','b','"text"'),
  (8,127,254,31750,7620000,1,1,-1,9223372036854775807,0.0000000001,1,0.25,0.125,b'101','2024-12-12','2024-02-12 11:30:00.500000','2020-12-15 12:00:11','12:30:45.123',2000,'ss','ss','ss','ss','ss','ss','abcd',x'FF','text ss',x'0B00F4','medium','a,b','null'),
  (9,-128,255,-32000,-7680000,-7,7,1,1,-0.0000000001,-1,-0.25,-0.125,b'10','9999-01-13','2024-02-13 12:30:00.100000','2020-01-15 12:00:12','-00:00:01.500',1999,'Zebra','Zebra','Zebra','Zebra','Zebra','Zebra','ab','a','text Zebra',x'0C00F3','small','c','true'),
  (10,5,10,1250,300000,100,100,4611686018427387904,2,1.5,10,1024,1e100,b'1000000000','1970-02-14','2024-02-14 13:30:00.120000','2020-02-15 12:00:13','23:59:59.999',1970,'zebra','zebra','zebra','zebra','zebra','zebra',x'0A0D','A','text zebra',x'0D00F2','Large','a,c','{"b": {"c": [1]}}'),
  (11,5,10,1250,300000,99,99,10,10,10,9,10,10,b'111','2000-03-15','2024-02-15 14:30:00.123456','2020-03-15 12:00:14','10:00:00',2024,'NULL','NULL','NULL','NULL','NULL','NULL',x'2700',x'5C27','text NULL',x'0E00F1','medium','d','[]'),
  (12,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
  (13,0,0,0,0,2147483647,4294967295,9223372036854775807,18446744073709551615,12345678901234567890.0123456789,99999999999999999999,1.5,1.5e10,b'0','1000-05-17','2024-02-17 16:30:00.000000','2020-05-15 12:00:16','00:00:00',1901,'Bob','Bob','Bob','Bob','Bob','Bob',x'00000000',x'','text Bob',x'1000EF','Large','','{"a": 1}'),
  (14,1,2,250,60000,-2147483648,0,-9223372036854775808,0,-12345678901234567890.0123456789,-99999999999999999999,-1.5,-1.5e10,b'1','1999-06-18','2024-02-18 17:30:00.000001','2020-06-15 12:00:17','-838:59:59',2155,'bob','bob','bob','bob','bob','bob',x'61',x'00','text bob',x'1100EE','medium','a','[1, 2]'),
  (15,-1,2,-250,-60000,0,2147483648,0,9223372036854775808,0,0,0,0,b'1111111111','2024-07-19','2024-02-19 18:30:00.999999','2020-07-15 12:00:18','838:59:59',2024,'BOB ','BOB ','BOB ','BOB ','BOB ','BOB ',x'FF00FF00',x'0000','text BOB ',x'1200ED','small','b','"text"'),
  (16,127,254,31750,7620000,1,1,-1,9223372036854775807,0.0000000001,1,0.25,0.125,b'101','2024-08-20','2024-02-20 19:30:00.500000','2020-08-15 12:00:19','12:30:45.123',2000,'bob','bob','bob','bob','bob','bob','abcd',x'FF','text bob',x'1300EC','Large','a,b','null'),
  (17,-128,255,-32000,-7680000,-7,7,1,1,-0.0000000001,-1,-0.25,-0.125,b'10','9999-09-21','2024-02-21 20:30:00.100000','2020-09-15 12:00:20','-00:00:01.500',1999,'Ärger','Ärger','Ärger','Ärger','Ärger','ascii','ab','a','text Ärger',x'1400EB','medium','c','true'),
  (18,5,10,1250,300000,100,100,4611686018427387904,2,1.5,10,1024,1e100,b'1000000000','1970-10-22','2024-02-22 21:30:00.120000','2020-10-15 12:00:21','23:59:59.999',1970,'arger','arger','arger','arger','arger','arger',x'0A0D','A','text arger',x'1500EA','small','a,c','{"b": {"c": [1]}}'),
  (19,5,10,1250,300000,99,99,10,10,10,9,10,10,b'111','2000-11-23','2024-02-23 22:30:00.123456','2020-11-15 12:00:22','10:00:00',2024,'','','','','','',x'2700',x'5C27','text ',x'1600E9','Large','d','[]'),
  (20,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
SELECT * FROM kinds WHERE k = 0;
SELECT * FROM kinds WHERE k = -3;
SELECT * FROM kinds WHERE k = 4;
SELECT * FROM kinds;
SELECT * FROM kinds ORDER BY k;
SELECT * FROM kinds ORDER BY k DESC LIMIT 5;
SELECT * FROM kinds WHERE k IN (1, 2, 3) ORDER BY k;
-- Scatter with ORDER BY each type, both directions: the merge must compare as the servers do.
SELECT k, c_tiny FROM kinds ORDER BY c_tiny, k;
SELECT c_tiny FROM kinds ORDER BY c_tiny DESC, k DESC LIMIT 9;
SELECT k, c_utiny FROM kinds ORDER BY c_utiny, k;
SELECT c_utiny FROM kinds ORDER BY c_utiny DESC, k DESC LIMIT 9;
SELECT k, c_small FROM kinds ORDER BY c_small, k;
SELECT c_small FROM kinds ORDER BY c_small DESC, k DESC LIMIT 9;
SELECT k, c_medium FROM kinds ORDER BY c_medium, k;
SELECT c_medium FROM kinds ORDER BY c_medium DESC, k DESC LIMIT 9;
SELECT k, c_int FROM kinds ORDER BY c_int, k;
SELECT c_int FROM kinds ORDER BY c_int DESC, k DESC LIMIT 9;
SELECT k, c_uint FROM kinds ORDER BY c_uint, k;
SELECT c_uint FROM kinds ORDER BY c_uint DESC, k DESC LIMIT 9;
SELECT k, c_big FROM kinds ORDER BY c_big, k;
SELECT c_big FROM kinds ORDER BY c_big DESC, k DESC LIMIT 9;
SELECT k, c_ubig FROM kinds ORDER BY c_ubig, k;
SELECT c_ubig FROM kinds ORDER BY c_ubig DESC, k DESC LIMIT 9;
SELECT k, c_dec FROM kinds ORDER BY c_dec, k;
SELECT c_dec FROM kinds ORDER BY c_dec DESC, k DESC LIMIT 9;
SELECT k, c_dec0 FROM kinds ORDER BY c_dec0, k;
SELECT c_dec0 FROM kinds ORDER BY c_dec0 DESC, k DESC LIMIT 9;
SELECT k, c_float FROM kinds ORDER BY c_float, k;
SELECT c_float FROM kinds ORDER BY c_float DESC, k DESC LIMIT 9;
SELECT k, c_double FROM kinds ORDER BY c_double, k;
SELECT c_double FROM kinds ORDER BY c_double DESC, k DESC LIMIT 9;
SELECT k, c_bit FROM kinds ORDER BY c_bit, k;
SELECT c_bit FROM kinds ORDER BY c_bit DESC, k DESC LIMIT 9;
SELECT k, c_date FROM kinds ORDER BY c_date, k;
SELECT c_date FROM kinds ORDER BY c_date DESC, k DESC LIMIT 9;
SELECT k, c_dt FROM kinds ORDER BY c_dt, k;
SELECT c_dt FROM kinds ORDER BY c_dt DESC, k DESC LIMIT 9;
SELECT k, c_ts FROM kinds ORDER BY c_ts, k;
SELECT c_ts FROM kinds ORDER BY c_ts DESC, k DESC LIMIT 9;
SELECT k, c_time FROM kinds ORDER BY c_time, k;
SELECT c_time FROM kinds ORDER BY c_time DESC, k DESC LIMIT 9;
SELECT k, c_year FROM kinds ORDER BY c_year, k;
SELECT c_year FROM kinds ORDER BY c_year DESC, k DESC LIMIT 9;
SELECT k, c_char FROM kinds ORDER BY c_char, k;
SELECT c_char FROM kinds ORDER BY c_char DESC, k DESC LIMIT 9;
SELECT k, c_ci FROM kinds ORDER BY c_ci, k;
SELECT c_ci FROM kinds ORDER BY c_ci DESC, k DESC LIMIT 9;
SELECT k, c_cs FROM kinds ORDER BY c_cs, k;
SELECT c_cs FROM kinds ORDER BY c_cs DESC, k DESC LIMIT 9;
SELECT k, c_uni FROM kinds ORDER BY c_uni, k;
SELECT c_uni FROM kinds ORDER BY c_uni DESC, k DESC LIMIT 9;
SELECT k, c_latin FROM kinds ORDER BY c_latin, k;
SELECT c_latin FROM kinds ORDER BY c_latin DESC, k DESC LIMIT 9;
SELECT k, c_ascii FROM kinds ORDER BY c_ascii, k;
SELECT c_ascii FROM kinds ORDER BY c_ascii DESC, k DESC LIMIT 9;
SELECT k, c_binary FROM kinds ORDER BY c_binary, k;
SELECT c_binary FROM kinds ORDER BY c_binary DESC, k DESC LIMIT 9;
SELECT k, c_varbinary FROM kinds ORDER BY c_varbinary, k;
SELECT c_varbinary FROM kinds ORDER BY c_varbinary DESC, k DESC LIMIT 9;
SELECT k, c_text FROM kinds ORDER BY c_text, k;
SELECT c_text FROM kinds ORDER BY c_text DESC, k DESC LIMIT 9;
SELECT k, c_blob FROM kinds ORDER BY c_blob, k;
SELECT c_blob FROM kinds ORDER BY c_blob DESC, k DESC LIMIT 9;
SELECT k, c_enum FROM kinds ORDER BY c_enum, k;
SELECT c_enum FROM kinds ORDER BY c_enum DESC, k DESC LIMIT 9;
SELECT k, c_set FROM kinds ORDER BY c_set, k;
SELECT c_set FROM kinds ORDER BY c_set DESC, k DESC LIMIT 9;
-- Aggregates of each type.
SELECT COUNT(c_tiny), SUM(c_tiny), MIN(c_tiny), MAX(c_tiny), AVG(c_tiny) FROM kinds;
SELECT COUNT(c_utiny), SUM(c_utiny), MIN(c_utiny), MAX(c_utiny), AVG(c_utiny) FROM kinds;
SELECT COUNT(c_small), SUM(c_small), MIN(c_small), MAX(c_small), AVG(c_small) FROM kinds;
SELECT COUNT(c_medium), SUM(c_medium), MIN(c_medium), MAX(c_medium), AVG(c_medium) FROM kinds;
SELECT COUNT(c_int), SUM(c_int), MIN(c_int), MAX(c_int), AVG(c_int) FROM kinds;
SELECT COUNT(c_uint), SUM(c_uint), MIN(c_uint), MAX(c_uint), AVG(c_uint) FROM kinds;
SELECT COUNT(c_big), SUM(c_big), MIN(c_big), MAX(c_big), AVG(c_big) FROM kinds;
SELECT COUNT(c_ubig), SUM(c_ubig), MIN(c_ubig), MAX(c_ubig), AVG(c_ubig) FROM kinds;
SELECT COUNT(c_dec), SUM(c_dec), MIN(c_dec), MAX(c_dec), AVG(c_dec) FROM kinds;
SELECT COUNT(c_dec0), SUM(c_dec0), MIN(c_dec0), MAX(c_dec0), AVG(c_dec0) FROM kinds;
SELECT COUNT(c_float), MIN(c_float), MAX(c_float) FROM kinds;
SELECT SUM(c_float), AVG(c_float) FROM kinds WHERE k IN (0, 1, 2);
SELECT COUNT(c_double), MIN(c_double), MAX(c_double) FROM kinds;
SELECT SUM(c_double), AVG(c_double) FROM kinds WHERE k IN (0, 1, 2);
SELECT COUNT(c_bit), MIN(c_bit), MAX(c_bit) FROM kinds;
SELECT COUNT(c_date), MIN(c_date), MAX(c_date) FROM kinds;
SELECT COUNT(c_dt), MIN(c_dt), MAX(c_dt) FROM kinds;
SELECT COUNT(c_ts), MIN(c_ts), MAX(c_ts) FROM kinds;
SELECT COUNT(c_time), MIN(c_time), MAX(c_time) FROM kinds;
SELECT COUNT(c_year), MIN(c_year), MAX(c_year) FROM kinds;
SELECT COUNT(c_char) FROM kinds;
SELECT COUNT(c_ci), COUNT(DISTINCT c_ci) FROM kinds; -- may-refuse
SELECT COUNT(c_cs), MIN(c_cs), MAX(c_cs) FROM kinds;
SELECT COUNT(c_uni), COUNT(DISTINCT c_uni) FROM kinds; -- may-refuse
SELECT COUNT(c_latin), COUNT(DISTINCT c_latin) FROM kinds; -- may-refuse
SELECT COUNT(c_ascii), MIN(c_ascii), MAX(c_ascii) FROM kinds;
SELECT COUNT(c_binary), MIN(c_binary), MAX(c_binary) FROM kinds;
SELECT COUNT(c_varbinary), MIN(c_varbinary), MAX(c_varbinary) FROM kinds;
SELECT COUNT(c_text) FROM kinds;
SELECT COUNT(c_blob), MIN(c_blob), MAX(c_blob) FROM kinds;
SELECT COUNT(c_enum), COUNT(DISTINCT c_enum) FROM kinds; -- may-refuse
SELECT COUNT(c_set), COUNT(DISTINCT c_set) FROM kinds; -- may-refuse
-- Groups by each type.
SELECT c_tiny, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_tiny;
SELECT c_utiny, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_utiny;
SELECT c_small, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_small;
SELECT c_medium, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_medium;
SELECT c_int, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_int;
SELECT c_uint, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_uint;
SELECT c_big, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_big;
SELECT c_ubig, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_ubig;
SELECT c_dec, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_dec;
SELECT c_dec0, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_dec0;
SELECT c_float, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_float;
SELECT c_double, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_double;
SELECT c_bit, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_bit;
SELECT c_date, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_date;
SELECT c_dt, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_dt;
SELECT c_ts, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_ts;
SELECT c_time, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_time;
SELECT c_year, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_year;
SELECT COUNT(*) AS n, MIN(k) FROM kinds GROUP BY c_char ORDER BY MIN(k);
SELECT COUNT(*) AS n, MIN(k) FROM kinds GROUP BY c_ci ORDER BY MIN(k);
SELECT c_cs, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_cs;
SELECT COUNT(*) AS n, MIN(k) FROM kinds GROUP BY c_uni ORDER BY MIN(k);
SELECT COUNT(*) AS n, MIN(k) FROM kinds GROUP BY c_latin ORDER BY MIN(k);
SELECT c_ascii, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_ascii;
SELECT c_binary, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_binary;
SELECT c_varbinary, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_varbinary;
SELECT COUNT(*) AS n, MIN(k) FROM kinds GROUP BY c_text ORDER BY MIN(k);
SELECT c_blob, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_blob;
SELECT c_enum, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_enum;
SELECT c_set, COUNT(*), MIN(k), MAX(k) FROM kinds GROUP BY c_set;
-- Columns of each type compared with a literal, over all shards.
SELECT k, c_tiny FROM kinds WHERE c_tiny = 5;
SELECT k, c_utiny FROM kinds WHERE c_utiny = 255;
SELECT k, c_small FROM kinds WHERE c_small = -250;
SELECT k, c_int FROM kinds WHERE c_int = -2147483648;
SELECT k, c_uint FROM kinds WHERE c_uint = 4294967295;
SELECT k, c_big FROM kinds WHERE c_big = 9223372036854775807;
SELECT k, c_ubig FROM kinds WHERE c_ubig = 18446744073709551615;
SELECT k, c_dec FROM kinds WHERE c_dec = 0.0000000001;
SELECT k, c_dec0 FROM kinds WHERE c_dec0 = -99999999999999999999;
SELECT k, c_float FROM kinds WHERE c_float = 0.25;
SELECT k, c_double FROM kinds WHERE c_double = 1e100;
SELECT k, c_bit FROM kinds WHERE c_bit = b'101';
SELECT k, c_date FROM kinds WHERE c_date = '2024-03-03';
SELECT k, c_dt FROM kinds WHERE c_dt = '2024-02-03 02:30:00.999999';
SELECT k, c_ts FROM kinds WHERE c_ts = '2020-03-15 12:00:02';
SELECT k, c_time FROM kinds WHERE c_time = '-00:00:01.5';
SELECT k, c_year FROM kinds WHERE c_year = 2024;
SELECT k, c_char FROM kinds WHERE c_char = 'bob';
SELECT k, c_ci FROM kinds WHERE c_ci = 'BOB';
SELECT k, c_cs FROM kinds WHERE c_cs = 'bob';
SELECT k, c_uni FROM kinds WHERE c_uni = 'ss';
SELECT k, c_latin FROM kinds WHERE c_latin = 'arger';
SELECT k, c_ascii FROM kinds WHERE c_ascii = 'Bob';
SELECT k, c_binary FROM kinds WHERE c_binary = 'abcd';
SELECT k, c_varbinary FROM kinds WHERE c_varbinary = x'FF';
SELECT k, c_text FROM kinds WHERE c_text = 'text zebra';
SELECT k, c_blob FROM kinds WHERE c_blob = x'0300FC';
SELECT k, c_enum FROM kinds WHERE c_enum = 'large';
SELECT k, c_set FROM kinds WHERE c_set = 'a,b';
SELECT k, JSON_EXTRACT(c_json, '$.a') FROM kinds WHERE JSON_EXTRACT(c_json, '$.a') = 1;
SELECT k FROM kinds WHERE c_date < '2000-01-01' ORDER BY c_date DESC, k;
SELECT k, c_date + INTERVAL 1 MONTH AS later FROM kinds WHERE c_date BETWEEN '1990-01-01' AND '2030-01-01' ORDER BY later, k;
SELECT k, YEAR(c_dt), MICROSECOND(c_dt) FROM kinds WHERE k BETWEEN 0 AND 5 ORDER BY k;
SELECT k, HEX(c_blob), LENGTH(c_text), CHAR_LENGTH(c_ci) FROM kinds ORDER BY LENGTH(c_text), k;
SELECT k, c_enum + 0 AS place FROM kinds ORDER BY place, k;
SELECT k, c_bit + 0 FROM kinds ORDER BY c_bit + 0 DESC, k;
SELECT c_int + c_small AS total, k FROM kinds WHERE c_int < 1000000 ORDER BY total, k;
SELECT k FROM kinds WHERE c_ubig > 9223372036854775807 ORDER BY k;
SELECT k, IFNULL(c_ci, 'none') AS shown FROM kinds ORDER BY shown, k;
SELECT k, c_ci COLLATE utf8mb4_bin AS exact FROM kinds ORDER BY exact, k;
SELECT k, c_double * 2 FROM kinds WHERE k < 3 ORDER BY c_double * -1, k;
SELECT k FROM kinds ORDER BY c_tiny IS NULL, c_tiny DESC, k LIMIT 6;
SELECT k FROM kinds ORDER BY FIELD(c_enum, 'medium', 'small', 'Large'), k LIMIT 10;
SELECT BIT_OR(c_uint), BIT_AND(c_uint), BIT_XOR(c_uint) FROM kinds; -- may-refuse
SELECT STDDEV_POP(c_tiny) FROM kinds; -- may-refuse
UPDATE kinds SET c_dec = c_dec + 1, c_dt = '2030-01-01 00:00:00.000001' WHERE k = 3;
SELECT c_dec, c_dt FROM kinds WHERE k = 3;
UPDATE kinds SET c_time = '-01:02:03.004', c_blob = x'0001FF', c_json = '[null]' WHERE k IN (1, 2);
SELECT k, c_time, c_blob, c_json FROM kinds WHERE k IN (1, 2);
INSERT INTO kinds (k, c_bit, c_set, c_year) VALUES (100, 3, 'd,a', '24'), (101, 0x05, 4, 69), (102, NULL, '', 70);
SELECT k, c_bit, c_set, c_year FROM kinds WHERE k >= 100;
INSERT INTO kinds (k, c_tiny) VALUES (103, 128);
INSERT INTO kinds (k, c_utiny) VALUES (103, -1);
INSERT INTO kinds (k, c_date) VALUES (103, '2024-02-30');
INSERT INTO kinds (k, c_enum) VALUES (103, 'huge');
INSERT INTO kinds (k, c_char) VALUES (103, 'much too long for ten');
INSERT INTO kinds (k, c_dec) VALUES (103, 'no number');
INSERT INTO kinds (k, c_json) VALUES (103, '{broken');
INSERT INTO kinds (k, c_ascii) VALUES (103, 'ä');
SELECT COUNT(*) FROM kinds WHERE k = 103;
INSERT INTO kinds (k, c_dec0) VALUES (104, 1.5);
SELECT c_dec0 FROM kinds WHERE k = 104;
SELECT k, c_int FROM kinds WHERE k = ?; -- bind '7'
SELECT k, c_int FROM kinds WHERE k = ?; -- bind 7.0
SELECT k, c_int FROM kinds WHERE k = ?; -- bind 7d
SELECT k, c_int FROM kinds WHERE k = ?; -- bind NULL
SELECT k, c_int FROM kinds WHERE k = ?; -- bind 18446744073709551615
SELECT k, c_ubig FROM kinds WHERE c_ubig = ?; -- bind 18446744073709551615
SELECT k, c_dt FROM kinds WHERE c_dt > ? ORDER BY c_dt, k; -- bind '2024-02-10'
SELECT ?, k FROM kinds WHERE k IN (?, ?) ORDER BY k; -- bind 'shown', 3, 4
INSERT INTO kinds (k, c_int, c_ci, c_dec) VALUES (?, ?, ?, ?), (?, ?, ?, ?); -- bind 201, -5, 'bound ä', 1.25, 202, NULL, NULL, NULL
SELECT k, c_int, c_ci, c_dec FROM kinds WHERE k IN (?, ?); -- bind 201, 202
SELECT k FROM kinds ORDER BY k LIMIT ?, ?; -- bind 2, 3
SELECT COUNT(*) FROM kinds WHERE k BETWEEN ? AND ?; -- bind -1, 6
DELETE FROM kinds WHERE k = ?; -- bind 202
SELECT k, ? AS given FROM sparse ORDER BY given, k; -- bind 'x'
