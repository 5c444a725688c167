#!/bin/sh
# What `make bench` compares with: sysbench sends the statements, HAProxy is the relay to measure against.
set -eu
. "$(dirname "$0")/../tests/setup/apt.sh"

install sysbench sysbench
install haproxy haproxy
