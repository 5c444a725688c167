#!/bin/sh
# A tour with a command line client: HOST PORT USER PASSWORD DATABASE [CLIENT], where DATABASE holds the sample shop.
set -eu
host=$1 port=$2 user=$3 password=$4 database=$5 client=${6:-mariadb}
export MYSQL_PWD="$password"

run() { "$client" --no-defaults -h"$host" -P"$port" -u"$user" --default-character-set=utf8mb4 "$@"; }

same() { # what, given, wanted
    [ "$2" = "$3" ] && return
    printf '%s: given\n%s\ninstead of\n%s\n' "$1" "$2" "$3" >&2
    exit 1
}

same "a row" "$(run "$database" -N -e "SELECT id, name FROM users WHERE id = 5")" "5	Ärger"
same "column names" "$(run "$database" -e "SELECT id, name FROM users WHERE id = 5" | head -n 1)" "id	name"
same "a table" "$(run "$database" -t -e "SELECT id FROM users ORDER BY id LIMIT 2")" "+----+
| id |
+----+
|  1 |
|  2 |
+----+"
same "no database" "$(run -N -e "USE $database; SELECT DATABASE(); SELECT COUNT(*) FROM users")" "$database
30"
same "NULL" "$(run "$database" -N -e "SELECT NULL, 'a\\tb'")" "NULL	a\\tb"
same "input" "$(printf "SET @x = 5;\nSELECT name FROM users\n WHERE id = @x;\nSELECT 'a;b' -- c;\n;\n" | run "$database" -N)" "Ärger
a;b"
same "a transaction" "$(run "$database" -N -e "BEGIN; UPDATE users SET city = 'cli' WHERE id = 6; ROLLBACK; SELECT IFNULL(city, '-') = 'cli' FROM users WHERE id = 6; BEGIN; UPDATE users SET city = 'cli' WHERE id = 6; COMMIT; SELECT city FROM users WHERE id = 6")" "0
cli"
same "an error" "$(run "$database" -e "SELECT * FROM missing" 2>&1 | grep -o "ERROR 1146 (42S02)")" "ERROR 1146 (42S02)"
same "going on after errors" "$(printf 'SELECT * FROM missing;\nSELECT 7;\n' | run "$database" -N -f 2>/dev/null)" "7"
run "$database" -N -vvv -e "INSERT INTO users (id, name) VALUES (951, 'a'), (952, 'b')" | grep -q "2 rows affected"
run "$database" -N -vvv -e "DELETE FROM users WHERE id IN (951, 952)" | grep -q "2 rows affected"
same "vertical" "$(run "$database" -E -e "SELECT id FROM users WHERE id = 5" | tail -n 1)" "id: 5"
same "tables" "$(run "$database" -N -e "SHOW TABLES LIKE 'user%'")" "users"
same "unbuffered" "$(run "$database" -q -N -e "SELECT a.id FROM products a, products b, products c" | wc -l | tr -d ' ')" "512"
