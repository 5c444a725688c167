-- setup: shop.sql
-- What belongs to a connection: variables of the server and of the user, character sets, warnings, found rows.

SELECT 1;
SELECT DATABASE() = SCHEMA();
SELECT USER() IS NOT NULL, CURRENT_USER() IS NOT NULL, SESSION_USER() IS NOT NULL;
SELECT CONNECTION_ID() > 0;
SELECT VERSION();
SELECT @@version;
SELECT @@autocommit;
SELECT @@session.autocommit, @@local.autocommit;
SELECT @@sql_mode;
SELECT @@SESSION.sql_mode AS mode;
SELECT @@global.sql_mode;
SELECT @@character_set_client, @@character_set_connection, @@character_set_results;
SELECT @@collation_connection;
SELECT @@time_zone;
SELECT @@max_allowed_packet > 1000000;
SELECT @@lower_case_table_names;
SELECT @@auto_increment_increment;
SELECT @@tx_isolation; -- mariadb
SELECT @@transaction_isolation; -- mysql
SELECT @@tx_read_only; -- mariadb
SELECT @@transaction_read_only; -- mysql
SELECT @@wait_timeout, @@interactive_timeout;
SELECT @@sql_select_limit;
SELECT @@collation_server, @@character_set_server, @@collation_database, @@character_set_database;
SELECT @@version_comment LIMIT 1;
SELECT @@system_time_zone IS NOT NULL;
SELECT 1, @@autocommit, 'x';
SET sql_mode = 'ANSI_QUOTES,STRICT_TRANS_TABLES';
SELECT @@sql_mode;
SELECT "id" FROM "users" WHERE "id" = 5;
SELECT id FROM users WHERE name = "x";
SET sql_mode = '';
INSERT INTO users (id, name, age) VALUES (400, REPEAT('y', 70), 999);
SHOW WARNINGS;
SELECT id, CHAR_LENGTH(name), age FROM users WHERE id = 400;
INSERT INTO users (id) VALUES (401);
SHOW WARNINGS;
SELECT 1 / 0;
SET sql_mode = 'PIPES_AS_CONCAT';
SELECT 'a' || 'b';
SELECT name || '!' FROM users WHERE id = 5;
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
SELECT 'a\nb', LENGTH('\\');
SET sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
SELECT 'a\nb', LENGTH('\\');
SET SESSION sql_mode = DEFAULT;
SELECT @@sql_mode;
SET sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT'); -- may-refuse
SET sql_mode = DEFAULT;
SET NAMES utf8mb4;
SELECT @@character_set_client, @@collation_connection;
SET NAMES latin1;
SELECT @@character_set_client, @@character_set_results;
SELECT name FROM users WHERE id = 5;
SELECT HEX(name), name FROM users WHERE id = 16;
SELECT name FROM users ORDER BY id LIMIT 8;
SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SELECT @@collation_connection;
SELECT 'a' = 'A';
SET NAMES 'utf8mb4' COLLATE 'utf8mb4_general_ci';
SELECT 'a' = 'A';
SET CHARACTER SET utf8mb4;
SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
SET character_set_results = NULL;
SELECT name FROM users WHERE id = 5;
SET character_set_results = utf8mb4;
SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
SET time_zone = '+02:00';
SELECT @@time_zone;
SELECT FROM_UNIXTIME(0);
SELECT id, FROM_UNIXTIME(id * 100000) FROM users WHERE id < 4 ORDER BY id;
SET time_zone = '+00:00';
SELECT FROM_UNIXTIME(0);
SET @a = 5;
SELECT @a;
SET @b = @a + 1, @c = 'text', @d = 1.50, @e = NULL;
SELECT @b, @c, @d = 1.5, @e IS NULL, @undefined IS NULL;
SELECT name FROM users WHERE id = @a;
SELECT id FROM users WHERE id > @a ORDER BY id LIMIT 2;
SELECT @a := 7; -- may-refuse
SET @a := 8;
SELECT @a, @A;
SET @`quoted name` = 1;
SELECT @`quoted name`;
SET @u = 'Ärger😀';
SELECT @u, LENGTH(@u), CHAR_LENGTH(@u);
SET @bin = x'00FF', @n = -1, @big = 18446744073709551615, @f = 1e10;
SELECT @bin = x'00FF', @n, @big, @f;
INSERT INTO users (id, name) VALUES (410, @c);
UPDATE users SET name = CONCAT(@c, @n) WHERE id = 410;
SELECT name FROM users WHERE id = 410;
SET @total = (SELECT COUNT(*) FROM users WHERE id = 5); -- may-refuse
SELECT id INTO @found FROM users WHERE id = 5; -- may-refuse
SET @x = 1, autocommit = 1, @@session.sql_select_limit = 3;
SELECT id FROM users ORDER BY id;
SELECT COUNT(*) FROM users;
SET sql_select_limit = DEFAULT;
SELECT id FROM users ORDER BY id LIMIT 6;
SET SESSION group_concat_max_len = 10;
SELECT user_id, GROUP_CONCAT(id ORDER BY id) FROM orders WHERE user_id = 3 GROUP BY user_id; -- any-warnings
SET SESSION group_concat_max_len = DEFAULT;
SET foreign_key_checks = 0;
SELECT @@foreign_key_checks;
SET foreign_key_checks = 1, unique_checks = 1;
SET LOCAL wait_timeout = 1000;
SELECT @@wait_timeout;
SET @@wait_timeout = 2000;
SHOW VARIABLES LIKE 'wait_timeout';
SET SESSION wait_timeout = DEFAULT;
SET sql_safe_updates = 1;
SET sql_safe_updates = 0;
SET timestamp = 1700000000;
SELECT NOW(), UNIX_TIMESTAMP();
SET timestamp = DEFAULT;
SET insert_id = 5; -- may-refuse
SELECT 1 / 0;
SHOW WARNINGS;
SHOW COUNT(*) WARNINGS; -- text-only
SELECT @@warning_count; -- text-only
SELECT 'clean';
SHOW WARNINGS; -- text-only
SELECT nothing;
SHOW ERRORS;
SHOW WARNINGS LIMIT 1;
SELECT @@error_count; -- may-refuse | text-only
SELECT ROW_COUNT(); -- may-refuse
UPDATE users SET city = 'Rome' WHERE id IN (1, 2, 3);
SELECT ROW_COUNT(); -- may-refuse
SELECT SQL_CALC_FOUND_ROWS id FROM users ORDER BY id LIMIT 2; -- may-refuse | any-warnings
SELECT FOUND_ROWS(); -- may-refuse | any-warnings
PREPARE s FROM 'SELECT id FROM users WHERE id = ?'; -- may-refuse | text-only
DO 1;
DO SLEEP(0);
SELECT GET_LOCK('shardgate-corpus', 0), RELEASE_LOCK('shardgate-corpus'); -- may-refuse
CREATE TEMPORARY TABLE scratch (a INT); -- may-refuse
DROP TEMPORARY TABLE IF EXISTS scratch; -- may-refuse | any-warnings
USE information_schema;
SELECT DATABASE();
SELECT 'done';
