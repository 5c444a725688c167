#!/bin/sh
# What moves the clock of a single process.
set -eu
. "$(dirname "$0")/apt.sh"

install faketime faketime
