-- setup: shop.sql
-- SHOW, DESCRIBE and information_schema show the logical world.

SHOW TABLES;
SHOW FULL TABLES;
SHOW TABLES LIKE 'order%';
SHOW TABLES WHERE 1; -- may-refuse
SHOW COLUMNS FROM users;
SHOW FULL COLUMNS FROM users;
SHOW COLUMNS FROM users LIKE 'n%';
SHOW COLUMNS FROM users WHERE Field = 'id';
SHOW FIELDS FROM orders;
SHOW COLUMNS IN products;
DESCRIBE users;
DESC orders;
DESC orders id;
DESCRIBE orders 'status';
EXPLAIN order_items;
DESC products;
DESC audit_log;
SHOW CREATE TABLE products;
SHOW CREATE TABLE sparse;
SHOW INDEX FROM sparse; -- count-only
SHOW INDEX FROM users; -- count-only
SHOW INDEXES FROM products; -- count-only
SHOW KEYS FROM order_items; -- count-only
SHOW DATABASES LIKE 'information_schema'; -- any-columns
SHOW SCHEMAS LIKE 'no_such_database'; -- any-columns
SHOW VARIABLES LIKE 'autocommit';
SHOW VARIABLES LIKE 'character_set_c%';
SHOW VARIABLES LIKE 'lower_case_table_names';
SHOW VARIABLES LIKE 'sql_mode';
SHOW SESSION VARIABLES LIKE 'collation_connection';
SHOW GLOBAL VARIABLES LIKE 'max_allowed_packet';
SHOW VARIABLES WHERE Variable_name = 'autocommit';
SHOW VARIABLES WHERE Variable_name IN ('autocommit', 'sql_mode');
SHOW VARIABLES LIKE 'no_such_variable';
SHOW STATUS LIKE 'Threads_connected'; -- count-only
SHOW SESSION STATUS LIKE 'Uptime'; -- count-only
SHOW WARNINGS;
SHOW ERRORS;
SHOW COLLATION LIKE 'utf8mb4_general_ci';
SHOW CHARACTER SET LIKE 'utf8mb4';
SHOW CHARSET LIKE 'ascii';
SHOW ENGINES; -- count-only
SHOW PRIVILEGES; -- count-only
SHOW GRANTS; -- count-only | may-refuse
SHOW TABLE STATUS LIKE 'sparse'; -- count-only
SHOW TRIGGERS;
SHOW EVENTS; -- may-refuse
SHOW OPEN TABLES LIKE 'no_such_table'; -- may-refuse
SHOW PROCEDURE STATUS LIKE 'no_such_procedure';
SHOW FUNCTION STATUS LIKE 'no_such_function';
SHOW PLUGINS; -- count-only | may-refuse
SHOW MASTER STATUS; -- count-only | may-refuse | mariadb
SHOW BINARY LOGS; -- count-only | may-refuse
SHOW NOTHING;
SHOW TABLES FROM no_such_database;
SELECT table_name AS t FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY t;
SELECT TABLE_NAME AS t, TABLE_TYPE AS k, ENGINE AS e FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY t;
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE();
SELECT column_name AS c, data_type AS t, is_nullable AS n, column_key AS k, extra AS e FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' ORDER BY ordinal_position;
SELECT column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'orders' ORDER BY ordinal_position;
SELECT index_name AS i, column_name AS c, seq_in_index AS n FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'order_items' ORDER BY i, n;
SELECT constraint_name AS c, constraint_type AS t FROM information_schema.table_constraints WHERE table_schema = DATABASE() AND table_name = 'products' ORDER BY c;
SELECT schema_name = DATABASE() AS own FROM information_schema.schemata WHERE schema_name = DATABASE();
SELECT default_character_set_name AS c FROM information_schema.schemata WHERE schema_name = DATABASE();
SELECT table_name AS t FROM information_schema.views WHERE table_schema = DATABASE();
SELECT constraint_name AS c FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND table_name = 'users';
SELECT routine_name AS r FROM information_schema.routines WHERE routine_schema = DATABASE();
SELECT trigger_name AS t FROM information_schema.triggers WHERE trigger_schema = DATABASE();
SELECT character_set_name AS c FROM information_schema.character_sets WHERE character_set_name = 'latin1';
SELECT collation_name AS c FROM information_schema.collations WHERE collation_name = 'utf8mb4_bin';
SELECT engine AS e FROM information_schema.engines WHERE engine = 'InnoDB';
USE information_schema;
SELECT COUNT(*) FROM character_sets WHERE character_set_name = 'ascii';
SELECT DATABASE();
