-- Tables sharded in each way, for rows that move.

CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, n INT NOT NULL DEFAULT 0) ENGINE=InnoDB; -- any-warnings
CREATE TABLE orders (
  id BIGINT NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL,
  label VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  total DECIMAL(10,2) DEFAULT NULL,
  status ENUM('new','paid','done') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'new',
  placed DATETIME(3) DEFAULT NULL,
  note VARCHAR(60) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL,
  uniq INT DEFAULT NULL,
  f FLOAT DEFAULT NULL,
  d DOUBLE DEFAULT NULL,
  flags BIT(11) DEFAULT NULL,
  tags SET('a','b','c') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  y YEAR DEFAULT NULL,
  t TIME(6) DEFAULT NULL,
  at TIMESTAMP(6) NULL DEFAULT NULL,
  raw VARBINARY(30) DEFAULT NULL,
  b BLOB,
  j JSON DEFAULT NULL,
  big BIGINT UNSIGNED DEFAULT NULL,
  fixed BINARY(4) DEFAULT NULL,
  doubled DECIMAL(12,2) AS (total * 2) STORED,
  shown VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci AS (CONCAT('#', label)) VIRTUAL,
  CHECK (total >= -1000),
  UNIQUE KEY uniq_key (user_id, uniq),
  KEY user_key (user_id)
) ENGINE=InnoDB; -- any-warnings
CREATE TABLE `lines` (user_id BIGINT NOT NULL, n INT NOT NULL, what VARCHAR(20) DEFAULT NULL, changed TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (user_id, n)) ENGINE=InnoDB; -- any-warnings
CREATE TABLE ranged (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, v VARCHAR(20) DEFAULT NULL) ENGINE=InnoDB; -- any-warnings
CREATE TABLE listed (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, country VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, v INT DEFAULT NULL) ENGINE=InnoDB; -- any-warnings
CREATE TABLE dated (id INT NOT NULL, day DATE NOT NULL, v INT DEFAULT NULL, PRIMARY KEY (day, id)) ENGINE=InnoDB; -- any-warnings
CREATE TABLE names (code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, n INT NOT NULL DEFAULT 0) ENGINE=InnoDB; -- any-warnings
CREATE TABLE docs (id INT NOT NULL PRIMARY KEY, title VARCHAR(40) DEFAULT NULL) ENGINE=InnoDB; -- any-warnings
CREATE TABLE bare (k INT NOT NULL, a INT DEFAULT NULL) ENGINE=InnoDB; -- any-warnings

INSERT INTO people (id, name) VALUES (1,'p1'),(2,'p2'),(3,'p3'),(4,'p4'),(5,'p5'),(6,'p6'),(7,'p7'),(8,'p8'),(9,'p9'),(10,'p10');
INSERT INTO orders (id, user_id, label, total, status, placed, uniq, f, d, flags, tags, y, t, at, raw, b, j, big, fixed) VALUES
  (1, 1, 'Zürich', 10.50, 'new', '2024-01-01 10:00:00.123', 1, 0.1, 0.1, b'10101010101', 'a,c', 2024, '-12:30:00.5', '2024-10-27 02:30:00.123456', x'00FF', x'DEADBEEF', '{"a": [1, 2.5, null, "ä"]}', 18446744073709551615, x'0100'),
  (2, 2, 'zurich', NULL, 'paid', NULL, 2, -3.25e10, 1e300, b'0', '', 0, '838:59:59', '1970-01-02 00:00:00', x'', x'', '[]', 0, x'00000000'),
  (3, 3, 'Ärger', 0.01, 'done', '2024-02-29 23:59:59.999', 3, 16777216, 0.30000000000000004, NULL, 'b', 1901, '00:00:00', NULL, x'27', x'5C27', '"text"', 1, x'FFFFFFFF'),
  (4, 4, '😀', -5.00, 'new', '2024-03-01 00:00:00', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (5, 5, NULL, 99.99, 'paid', '2023-12-31 23:59:59', 5, 1, 2, b'1', 'a,b,c', 2155, '01:02:03', '2038-01-19 03:14:07', x'41', x'00', '{}', 9223372036854775808, 'ab'),
  (6, 1, 'a ', 7, 'done', '2024-05-05 05:05:05', 6, 3.4028e38, -0.0, b'11', 'c', 2000, '23:59:59.999999', '2024-06-01 12:00:00', x'2020', x'20', 'true', 5, 'x'),
  (7, 2, 'A', 8, 'new', '2024-05-05 05:05:05', NULL, 5, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (8, 3, 'b', 12, 'new', '2024-05-06 05:05:05', NULL, 5, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (9, 9, 'B', 12, 'done', '2024-05-07 05:05:05', NULL, 5, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (10, 10, 'c', 13, 'paid', '2024-05-08 05:05:05', 10, 5, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO `lines` (user_id, n, what) VALUES (1,1,'a'),(1,2,'b'),(2,1,'c'),(3,1,'d'),(4,7,'e'),(5,1,'f'),(6,2,'g'),(7,1,'h'),(8,3,'i');
INSERT INTO ranged (id, k, v) VALUES (1, 50, 'a'), (2, 150, 'b'), (3, 250, 'c'), (4, 350, 'd'), (5, 99, 'e'), (6, 100, 'f');
INSERT INTO listed (id, country, v) VALUES (1,'de',1),(2,'fr',2),(3,'us',3),(4,'jp',4),(5,'de',5),(6,'xx',6);
INSERT INTO dated (id, day, v) VALUES (1,'2024-01-15',1),(2,'2024-02-15',2),(3,'2024-03-15',3),(4,'2024-04-15',4),(5,'2024-01-31',5),(6,'2024-02-29',6);
INSERT INTO names (code, n) VALUES ('a',1),('B',2),('b',3),('ä',4),('c d',5),('it''s',6),('😀',7),('zz',8);
INSERT INTO docs (id, title) VALUES (1,'a'),(2,'b'),(3,'c'),(4,'d'),(5,'e'),(6,'f'),(7,'g'),(8,'h'),(9,'i'),(10,'j'),(11,'k'),(12,'l');
INSERT INTO bare (k, a) VALUES (1,1),(2,2),(3,3),(4,4),(5,5),(6,6),(7,7),(8,8);
