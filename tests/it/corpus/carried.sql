-- GEOMETRY and BIT, in rows that a copy and a new key carry to other shards. a is sharded by n, b by m.

CREATE TABLE a (n INT NOT NULL PRIMARY KEY, m INT NOT NULL, g GEOMETRY DEFAULT NULL, p POINT NOT NULL, one BIT(1) DEFAULT NULL, odd BIT(13) DEFAULT NULL, wide BIT(64) DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE b (n INT NOT NULL, m INT NOT NULL PRIMARY KEY, g GEOMETRY DEFAULT NULL, p POINT NOT NULL, one BIT(1) DEFAULT NULL, odd BIT(13) DEFAULT NULL, wide BIT(64) DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO a (n, m, g, p, one, odd, wide) VALUES (1, 2, NULL, ST_GeomFromText('POINT(0 0)'), NULL, NULL, NULL);
INSERT INTO a (n, m, g, p, one, odd, wide) VALUES (2, 3, ST_GeomFromText('POINT(1.5 -2.25)'), ST_GeomFromText('POINT(1e300 -1e-300)'), b'0', b'0', b'0');
INSERT INTO a (n, m, g, p, one, odd, wide) VALUES (3, 4, ST_GeomFromText('LINESTRING(0 0,1 1,2 3)'), ST_GeomFromText('POINT(39 92)'), b'1', b'1111111111111', 18446744073709551615);
INSERT INTO a (n, m, g, p, one, odd, wide) VALUES (4, 5, ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0),(2 2,4 2,4 4,2 4,2 2))'), ST_GeomFromText('POINT(3.141592653589793 2.718281828459045)'), 1, 39, 0x275C00220A0D1A25);
INSERT INTO a (n, m, g, p, one, odd, wide) VALUES (5, 6, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'), ST_GeomFromText('POINT(-0.1 0.1)'), 0, 92, 9223372036854775808);
INSERT INTO a (n, m, g, p, one, odd, wide) VALUES (6, 7, ST_GeomFromText('MULTIPOINT(1 1,2 2)', 0), ST_GeomFromText('POINT(7 7)', 0), 1, 8191, 1);
INSERT INTO a (n, m, g, p, one, odd, wide) VALUES (7, 8, ST_GeomFromText('POINT(10 20)', 4326), ST_GeomFromText('POINT(30 40)', 4326), 1, 4096, 9223372036854775807);
INSERT INTO b SELECT * FROM a;
SELECT n, m, HEX(g), HEX(p), ST_AsText(g), ST_SRID(p), HEX(one), HEX(odd), HEX(wide), wide + 0 FROM b ORDER BY m;
INSERT INTO b (m, n, g, p, one, odd, wide) SELECT m + 100, n, p, p, odd & 1, odd, wide FROM a WHERE n > 1 ORDER BY n;
SELECT n, m, HEX(g), HEX(p), HEX(one), HEX(odd), HEX(wide) FROM b WHERE m > 100 ORDER BY m;
REPLACE INTO b SELECT n, m, p, p, one, odd, wide FROM a;
SELECT n, m, HEX(g), HEX(p), HEX(one), HEX(odd), HEX(wide) FROM b ORDER BY m;
UPDATE a SET n = 9 - n + 10;
SELECT n, m, HEX(g), HEX(p), ST_AsText(g), ST_SRID(p), HEX(one), HEX(odd), HEX(wide) FROM a ORDER BY n;
UPDATE b SET m = m + 1001, odd = odd ^ b'1', g = ST_GeomFromText('POINT(5 6)') WHERE m > 100;
SELECT n, m, HEX(g), HEX(p), HEX(one), HEX(odd), HEX(wide) FROM b ORDER BY m;
UPDATE b SET m = m + 1 WHERE wide = 9223372036854775807 AND m > 100;
SELECT m, HEX(wide) FROM b WHERE m > 1000 ORDER BY m;
UPDATE a SET n = 30 WHERE n = 12;
INSERT INTO b SELECT n, n + 5000, g, p, one, odd, wide FROM a WHERE one = b'1' OR odd IS NULL;
SELECT n, m, HEX(g), HEX(p), HEX(one), HEX(odd), HEX(wide) FROM b WHERE m > 5000 ORDER BY m;
DROP TABLE a, b;
