-- setup: select_tables.sql
SELECT 1;
