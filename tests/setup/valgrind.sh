#!/bin/sh
# What counts instructions.
set -eu
. "$(dirname "$0")/apt.sh"

install valgrind valgrind
