#!/bin/sh
# MariaDB's server and client programs, unless SHARDGATE_MYSQL_HOME names a server. Only the programs: no service is
# started and no data folder made.
set -eu
. "$(dirname "$0")/apt.sh"

[ -n "${SHARDGATE_MYSQL_HOME:-}" ] || install mariadbd mariadb-server-core
install mariadb mariadb-client-core
