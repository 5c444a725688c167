-- What every group starts with. users, orders, accounts, visits and stamped are sharded alike by the user, parents and
-- children by the parent, kinds by k, tickets by the ticket, codes by a string; products and rates are everywhere,
-- audit and notes are on one source each. `copied` and `copied_rates` are declared, and no table yet.

CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(20) NOT NULL,
  email VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  city VARCHAR(20) DEFAULT NULL,
  age TINYINT UNSIGNED DEFAULT NULL,
  balance DECIMAL(10,2) NOT NULL DEFAULT '0.00',
  KEY city_key (city)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  product_id INT NOT NULL DEFAULT '1',
  status ENUM('new','paid','sent') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'new',
  total DECIMAL(8,2) DEFAULT NULL,
  note VARCHAR(30) DEFAULT NULL,
  KEY user_key (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE accounts (
  user_id BIGINT NOT NULL,
  nr INT NOT NULL,
  label VARCHAR(10) DEFAULT NULL,
  amount INT NOT NULL DEFAULT '0',
  PRIMARY KEY (user_id, nr),
  UNIQUE KEY label_key (user_id, label),
  CONSTRAINT amount_check CHECK (amount >= -100)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE visits (
  user_id BIGINT DEFAULT NULL,
  page VARCHAR(20) DEFAULT NULL,
  n INT DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE stamped (
  user_id BIGINT NOT NULL,
  nr INT NOT NULL,
  v INT DEFAULT NULL,
  twice INT GENERATED ALWAYS AS (v * 2) STORED,
  next INT GENERATED ALWAYS AS (v + 1) VIRTUAL,
  made DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  seen TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (user_id, nr)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE parents (
  id INT NOT NULL PRIMARY KEY,
  name VARCHAR(20) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE children (
  parent_id INT NOT NULL,
  nr INT NOT NULL,
  name VARCHAR(20) DEFAULT NULL,
  PRIMARY KEY (parent_id, nr),
  CONSTRAINT parent_of FOREIGN KEY (parent_id) REFERENCES parents (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE kinds (
  k INT NOT NULL PRIMARY KEY,
  tiny TINYINT DEFAULT NULL,
  big BIGINT UNSIGNED DEFAULT NULL,
  exact DECIMAL(12,4) DEFAULT NULL,
  f FLOAT DEFAULT NULL,
  d DOUBLE DEFAULT NULL,
  bits BIT(9) DEFAULT NULL,
  day DATE DEFAULT NULL,
  moment DATETIME(3) DEFAULT NULL,
  clock TIME DEFAULT NULL,
  y YEAR DEFAULT NULL,
  fixed CHAR(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  latin VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL,
  long_text TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
  bytes BINARY(4) DEFAULT NULL,
  blob_ BLOB,
  one ENUM('a','b','c') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  some SET('x','y','z') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,
  doc JSON DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE tickets (
  ticket INT NOT NULL PRIMARY KEY,
  user_id BIGINT DEFAULT NULL,
  title VARCHAR(20) DEFAULT NULL,
  points INT NOT NULL DEFAULT '0'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE codes (
  code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  v INT DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE products (
  id INT NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL,
  price DECIMAL(8,2) NOT NULL DEFAULT '1.00',
  stock INT UNSIGNED NOT NULL DEFAULT '0',
  UNIQUE KEY name_key (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE rates (
  cur CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY,
  rate DECIMAL(8,4) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE audit (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  who VARCHAR(20) DEFAULT NULL,
  what VARCHAR(40) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE notes (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT DEFAULT NULL,
  body VARCHAR(40) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO users (id, name, email, city, age, balance) VALUES
  (1, 'Ann', 'ann@x', 'Rome', 31, 10), (2, 'Bob', 'bob@x', 'Paris', 42, 20.5), (3, 'Cid', NULL, 'Rome', NULL, 0),
  (4, 'Dan', 'dan@x', NULL, 18, -5), (5, 'Eve', 'eve@x', 'Oslo', 55, 100), (6, 'Fay', NULL, 'Paris', 27, 1.25),
  (7, 'Gus', 'gus@x', 'Rome', 63, 70), (8, 'Hal', 'hal@x', 'Oslo', 0, 0), (9, 'Ida', 'ida@x', 'Wien', 255, 9.99),
  (10, 'Jan', NULL, NULL, NULL, 10), (11, 'Kim', 'kim@x', 'Wien', 31, 11), (12, 'Leo', 'leo@x', 'Rome', 42, 12);
INSERT INTO orders (id, user_id, product_id, status, total, note) VALUES
  (101, 1, 1, 'new', 10, NULL), (102, 1, 2, 'paid', 20, 'b'), (103, 2, 1, 'sent', 30, NULL), (104, 3, 3, 'new', NULL, 'd'),
  (105, 4, 4, 'new', 50, NULL), (106, 5, 1, 'paid', 60, 'f'), (107, 5, 2, 'paid', 70, NULL), (108, 5, 3, 'sent', 80, 'h'),
  (109, 6, 4, 'new', 5.5, NULL), (110, 7, 5, 'new', 15.25, 'j'), (111, 8, 1, 'paid', NULL, NULL), (112, 9, 2, 'sent', 12, 'l'),
  (113, 10, 3, 'new', 13, NULL), (114, 11, 4, 'paid', 14, 'n'), (115, 12, 5, 'new', 15, NULL), (116, 12, 1, 'sent', 16, 'p'),
  (117, 99, 1, 'new', 17, 'no user');
INSERT INTO accounts (user_id, nr, label, amount) VALUES
  (1, 1, 'main', 100), (1, 2, 'side', 0), (2, 1, 'main', 50), (3, 1, 'main', -100), (3, 2, NULL, 5), (4, 1, 'main', 0),
  (5, 1, 'main', 10), (5, 2, 'side', 20), (6, 1, NULL, 1), (7, 1, 'main', 7), (8, 1, 'main', 8), (9, 9, 'odd', 9);
INSERT INTO visits (user_id, page, n) VALUES
  (1, 'home', 1), (1, 'home', 1), (2, 'home', 2), (3, 'shop', 3), (4, NULL, 4), (5, 'shop', NULL), (6, 'home', 6), (8, 'end', 8);
INSERT INTO stamped (user_id, nr, v, made, seen) VALUES
  (1, 1, 10, '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (2, 1, 20, '2024-01-02 00:00:00', '2024-01-02 00:00:00'),
  (3, 1, NULL, '2024-01-03 00:00:00', '2024-01-03 00:00:00'), (4, 1, 40, '2024-01-04 00:00:00', '2024-01-04 00:00:00'),
  (5, 1, 50, '2024-01-05 00:00:00', '2024-01-05 00:00:00'), (5, 2, 51, '2024-01-06 00:00:00', '2024-01-06 00:00:00');
INSERT INTO parents (id, name) VALUES (1, 'p1'), (2, 'p2'), (3, 'p3'), (4, 'p4'), (5, 'p5'), (6, 'p6'), (7, NULL), (8, 'p8');
INSERT INTO children (parent_id, nr, name) VALUES (1, 1, 'c11'), (1, 2, 'c12'), (2, 1, 'c21'), (3, 1, 'c31'), (6, 1, 'c61');
INSERT INTO kinds VALUES
  (1, 1, 1, 1.5, 1.5, 1.5, b'1', '2024-01-01', '2024-01-01 01:01:01.001', '01:01:01', 2024, 'abc', 'é', 'text', 'ab', x'00FF', 'a', 'x', '{"a": 1}'),
  (2, -128, 18446744073709551615, -99999999.9999, 0.1, 1e300, b'111111111', '1000-01-01', '9999-12-31 23:59:59.999', '-838:59:59', 1901, '', '', '', '', '', 'b', '', '[]'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 127, 0, 0, -0.0, -1e-300, b'0', '2024-02-29', '2024-06-30 12:00:00.5', '838:59:59', 2155, '😀', 'x', 'long ä', x'01020304', 'blob', 'c', 'x,y,z', '"s"'),
  (5, 5, 5, 5.5, 5.5, 5.5, b'101', '2025-05-05', '2025-05-05 05:05:05.005', '05:05:05', 2005, 'five', 'five', 'five', 'five', 'five', 'a', 'y', '5');
INSERT INTO tickets (ticket, user_id, title, points) VALUES
  (1, 3, 't1', 1), (2, 3, 't2', 2), (3, 1, 't3', 3), (4, NULL, 't4', 4), (5, 5, 't5', 5), (6, 12, 't6', 6), (7, 77, 't7', 7), (8, 2, NULL, 8);
INSERT INTO codes (code, v) VALUES ('alpha', 1), ('beta', 2), ('gamma', 3), ('delta', 4), ('omega', NULL);
INSERT INTO products (id, name, price, stock) VALUES (1, 'Pen', 1.20, 100), (2, 'Mug', 7.5, 20), (3, 'Lamp', 19.9, 5), (4, 'Desk', 250, 1), (5, 'Gum', 0.1, 0);
INSERT INTO rates (cur, rate) VALUES ('EUR', 1), ('USD', 1.1), ('JPY', 160.25), ('XXX', NULL);
INSERT INTO audit (who, what) VALUES ('ann', 'login'), ('bob', 'order'), (NULL, 'cron'), ('ann', 'logout');
INSERT INTO notes (user_id, body) VALUES (1, 'n1'), (2, 'n2'), (3, 'n3'), (3, 'n4'), (NULL, 'n5');
