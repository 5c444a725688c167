-- UPDATE of the sharding key: a row may have to move to another shard.

-- == one row moves
UPDATE users SET id = 201 WHERE id = 1;
UPDATE users SET id = 202, name = 'moved', age = age + 1 WHERE id = 2;
UPDATE users SET name = 'before', id = 203 WHERE id = 3;
UPDATE users u SET u.id = 204 WHERE u.id = 4;
UPDATE users SET id = 205 WHERE name = 'Eve';
UPDATE users SET id = 206 WHERE id = 5000;
UPDATE users SET id = 207 WHERE id = 6 LIMIT 1;
UPDATE codes SET code = 'alef' WHERE code = 'alpha';
UPDATE tickets SET ticket = 30, title = CONCAT(title, '!') WHERE ticket = 1;
UPDATE kinds SET k = 40 WHERE k = 1;
UPDATE kinds SET k = 41 WHERE k = 2;
UPDATE kinds SET k = 42 WHERE k = 3;
UPDATE kinds SET k = 43 WHERE k = 4;

-- == many rows move
UPDATE orders SET user_id = 4 WHERE user_id = 3;
UPDATE orders SET user_id = 7 WHERE user_id IN (1, 5);
UPDATE orders SET user_id = 1, note = 'all of one';
UPDATE orders SET user_id = 99 WHERE id IN (101, 102, 110, 115);
UPDATE orders SET user_id = user_id + 1;
UPDATE users SET id = id + 1000;
UPDATE users SET id = id + 1 ORDER BY id DESC;
UPDATE visits SET user_id = 3 WHERE user_id = 1; -- refused: rows would have to move
UPDATE visits SET user_id = user_id * 2; -- refused: the key is set by an expression
UPDATE codes SET code = CONCAT(code, '2');
UPDATE codes SET code = UPPER(code) WHERE v > 1;
UPDATE users SET id = CASE id WHEN 1 THEN 301 WHEN 2 THEN 302 ELSE id END;
UPDATE stamped SET user_id = user_id + 10;

-- == the key is a part of the primary key
UPDATE accounts SET user_id = 21 WHERE user_id = 1;
UPDATE accounts SET user_id = 22 WHERE user_id = 2 AND nr = 1;
UPDATE accounts SET user_id = 3, nr = 9 WHERE user_id = 4;
UPDATE accounts SET user_id = 23, nr = nr + 1, amount = amount + 1 WHERE user_id = 5;

-- == to NULL
UPDATE users SET id = NULL WHERE id = 1;
UPDATE visits SET user_id = NULL WHERE user_id = 1; -- refused: rows would have to move
UPDATE visits SET user_id = NULL; -- refused: rows would have to move
UPDATE IGNORE tickets SET ticket = NULL WHERE ticket = 1; -- refused: the row would have to move

-- == to values that are no numbers of the column
UPDATE users SET id = 'x' WHERE id = 1;
UPDATE users SET id = '209' WHERE id = 1;
UPDATE users SET id = 210.4 WHERE id = 2; -- refused: the row would have to move
UPDATE kinds SET k = 4294967296 WHERE k = 1;
UPDATE kinds SET k = DEFAULT WHERE k = 1; -- refused on mysql: whether there is a default is only found when it runs

-- == another row is there
UPDATE users SET id = 2 WHERE id = 1;
UPDATE users SET id = 5 WHERE id IN (6, 7, 8);
UPDATE users SET id = 400 WHERE id IN (6, 7);
UPDATE accounts SET user_id = 3 WHERE user_id = 1;
UPDATE accounts SET user_id = 2, nr = 5 WHERE user_id = 7;
UPDATE accounts SET user_id = 3, amount = -101, nr = 7 WHERE user_id = 6;
UPDATE codes SET code = 'beta' WHERE code = 'alpha';
UPDATE IGNORE users SET id = 2 WHERE id = 1; -- refused: the row would have to move
UPDATE IGNORE users SET id = 500 WHERE id IN (9, 10, 11); -- refused: rows would have to move

-- == ON UPDATE CURRENT_TIMESTAMP and generated columns move along
SET timestamp = 1700000000;
UPDATE stamped SET user_id = 11 WHERE user_id = 1;
UPDATE stamped SET user_id = 12, v = 5 WHERE user_id = 2;
UPDATE stamped SET user_id = 13, seen = seen WHERE user_id = 3;
UPDATE stamped SET user_id = 14, v = twice WHERE user_id = 5 AND nr = 2;
SET timestamp = DEFAULT;

-- == foreign keys
UPDATE parents SET id = 20 WHERE id = 4; -- refused: the row would have to move
UPDATE parents SET id = 21 WHERE id = 1; -- refused: the row would have to move
UPDATE children SET parent_id = 2, nr = 9 WHERE parent_id = 1 AND nr = 1;
UPDATE children SET parent_id = 99 WHERE parent_id = 2;
UPDATE children SET parent_id = 8 WHERE parent_id = 3;

-- == a swap
UPDATE orders SET user_id = IF(user_id = 1, 2, 1) WHERE user_id IN (1, 2);
UPDATE visits SET user_id = CASE user_id WHEN 3 THEN 5 WHEN 5 THEN 3 END WHERE user_id IN (3, 5); -- refused: the key is set by an expression
UPDATE tickets SET ticket = IF(ticket = 1, 2, 1) WHERE ticket IN (1, 2);

-- == through a join
UPDATE orders o JOIN users u ON u.id = o.user_id SET o.user_id = 6 WHERE u.id = 5;
UPDATE orders o JOIN products p ON p.id = o.product_id SET o.user_id = 6 WHERE p.name = 'Pen';
UPDATE users u JOIN orders o ON o.user_id = u.id SET u.id = 600, o.user_id = 600 WHERE u.id = 3;
UPDATE visits SET user_id = (SELECT MAX(id) FROM products); -- refused: the key is set by an expression

-- == with ORDER BY and LIMIT
UPDATE orders SET user_id = 2 ORDER BY id LIMIT 3;
UPDATE orders SET user_id = 2 WHERE user_id = 5 ORDER BY id DESC LIMIT 1;
UPDATE users SET id = 700 ORDER BY id LIMIT 1;
