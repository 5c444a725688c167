#!/bin/sh
# Samples the demo's proxy under point selects, by the clock of the processor: virtual machines have no hardware counters.
set -eu
cd "$(dirname "$0")/.."
. tests/setup/apt.sh

install sysbench sysbench
install perf linux-perf
[ -x target/tools/bin/inferno-flamegraph ] ||
    cargo install --locked --root target/tools --no-default-features --features cli inferno
RUSTFLAGS="-C force-frame-pointers=yes" cargo build --release --target-dir target/flame

seconds=${FLAME_SECONDS:-10}
log=target/flame/demo.log

target/flame/release/shardgate demo --port 0 >"$log" 2>&1 &
demo=$!
trap 'kill -INT $demo; wait $demo || true' EXIT
until grep -q "It stays up" "$log"; do
    kill -0 $demo 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.2
done
port=$(sed -n 's/^Shardgate serves on 127.0.0.1:\([0-9]*\).*/\1/p' "$log")

sysbench benches/flame.lua --db-driver=mysql --mysql-host=127.0.0.1 --mysql-port="$port" --mysql-user=app \
    --mysql-password=app --mysql-db=shop --db-ps-mode=disable --threads="${FLAME_THREADS:-8}" --time="$((seconds + 2))" \
    run >target/flame/sysbench.log &
load=$!
sleep 1
perf record --quiet -e cpu-clock -F 999 --call-graph fp -o target/flame/perf.data -p $demo -- sleep "$seconds"
wait $load
perf script -i target/flame/perf.data 2>target/flame/perf.log | target/tools/bin/inferno-collapse-perf |
    target/tools/bin/inferno-flamegraph --title "Shardgate, point selects" >target/flame.svg
grep "queries:" target/flame/sysbench.log
echo "Written to target/flame.svg"
