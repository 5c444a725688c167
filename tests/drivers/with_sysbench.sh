#!/bin/sh
# sysbench's read-write mix: HOST PORT USER PASSWORD DATABASE PS-MODE (auto or disable). Ids are given, not generated:
# sbtest1.id is an INT.
set -eu
host=$1 port=$2 user=$3 password=$4 database=$5 mode=$6
out=$(mktemp)
trap 'rm -f "$out"' EXIT

bench() {
    sysbench oltp_read_write --db-driver=mysql --mysql-host="$host" --mysql-port="$port" --mysql-user="$user" \
        --mysql-password="$password" --mysql-db="$database" --db-ps-mode="$mode" --auto_inc=off --tables=1 \
        --table_size=2000 --threads=4 --events=400 --time=0 "$1" >"$out" 2>&1 || { cat "$out" >&2; exit 1; }
}

bench prepare
bench run
grep -q "total number of events: *400" "$out" || { cat "$out" >&2; exit 1; }
grep -E "queries:|transactions:|ignored errors:" "$out"
bench cleanup
