#!/bin/sh
# What tests/drivers needs: sysbench, Python with its drivers in target/venv, Node with its driver in target/node, Java
# with MariaDB's Connector/J, whose version (2.7.6) is that of the Debian release.
# Done once: repeated only when the lists of packages change.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/apt.sh"
drivers=$here/../drivers
target=${CARGO_TARGET_DIR:-$here/../../target}
mkdir -p "$target"

install sysbench sysbench
install python3 python3
install node nodejs
install npm npm
install javac default-jdk-headless
[ -f /usr/share/java/mariadb-java-client.jar ] || fetch libmariadb-java

stamp=$target/venv/.requirements
if ! cmp -s "$drivers/requirements.txt" "$stamp"; then
    rm -rf "$target/venv"
    python3 -m venv "$target/venv" 2>/dev/null || {
        rm -rf "$target/venv"
        fetch python3-venv
        python3 -m venv "$target/venv"
    }
    "$target/venv/bin/pip" install --quiet --disable-pip-version-check -r "$drivers/requirements.txt"
    cp "$drivers/requirements.txt" "$stamp"
fi

stamp=$target/node/.package.json
if ! cmp -s "$drivers/package.json" "$stamp"; then
    rm -rf "$target/node"
    mkdir -p "$target/node"
    cp "$drivers/package.json" "$target/node/package.json"
    npm install --prefix "$target/node" --silent --no-audit --no-fund
    cp "$drivers/package.json" "$stamp"
fi
