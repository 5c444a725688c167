#!/bin/sh
# What `make bench` compares with: sysbench sends the statements, HAProxy is the relay to measure against. perf counts
# system calls; where it cannot be had, they are left out.
set -eu
. "$(dirname "$0")/../tests/setup/apt.sh"

install sysbench sysbench
install haproxy haproxy
have perf || (fetch linux-perf) || echo "without perf: system calls are not counted"
