# What a newcomer types. Everything that is not Rust is installed when it is missing.

.PHONY: demo test oracle-nightly torture-ids torture-commit tpch memory bench bench-merge bench-ids bench-growth instructions allocations flame setup setup-servers setup-drivers

# Starts four shard servers with replicas and Shardgate in front of them. `make demo ARGS=--once` ends by itself.
demo: setup-servers
	cargo run -- demo $(ARGS)

# Runs every test. `SHARDGATE_MYSQL_HOME=DIR make test` runs them on the MySQL whose program is DIR/bin/mysqld.
test: setup
	cargo test

# Random SELECTs of every shape, text and prepared, in transactions and outside, on one plain server and through Shardgate: an
# hour of them from a seed of the day. `SHARDGATE_SEED=N SHARDGATE_SECONDS=600 make oracle-nightly` repeats a run.
oracle-nightly: setup-servers
	SHARDGATE_SEED="$${SHARDGATE_SEED:-$$(date +%Y%m%d)000}" SHARDGATE_SECONDS="$${SHARDGATE_SECONDS:-3600}" \
		SHARDGATE_GENERATED=1000 cargo test --test it -- --nocapture generated::selects

# That no id comes twice, at length (about ten minutes): simulated processes make two billion ids, and eight real ones,
# killed and stopped all the while, insert ten million rows by clocks that libfaketime moves.
torture-ids: setup-servers
	@sh tests/setup/faketime.sh
	SHARDGATE_SIMULATED_IDS=2000000000 cargo test --test it -- --nocapture ids_simulation
	SHARDGATE_TORTURE_ROWS=10000000 SHARDGATE_FAKETIME="$$(ls /usr/lib/*/faketime/libfaketimeMT.so.1)" \
		cargo test --test it -- --nocapture ids_torture

# That no commit is lost or torn, at length (about half an hour): a bank over four servers whose proxies, servers and
# connections are killed 2,000 times. `SHARDGATE_SEED=N make torture-commit` repeats a run.
torture-commit: setup-servers
	cargo test --test commit_model -- --nocapture
	SHARDGATE_KILLS=2000 cargo test --test it -- --nocapture bank

# TPC-H on one server and over four, with the times of all queries and what moved: `SHARDGATE_TPCH=1 make tpch` for another
# scale factor.
tpch: setup-servers
	SHARDGATE_TPCH=$${SHARDGATE_TPCH:-0.1} cargo test --release --test it -- --nocapture tpch

# The proxy's memory while five million rows on four servers are sorted, and made 2.5 million groups (about five minutes).
memory: setup-servers
	SHARDGATE_MEMORY_ROWS=$${SHARDGATE_MEMORY_ROWS:-5000000} \
		cargo test --release --test it -- --nocapture memory::sorted_rows

# Statements, results, scatters and connections directly, through HAProxy and through Shardgate; writes
# benches/RESULTS.md (about 25 minutes). A quick look, only printed: `BENCH_CASES=point_select/text/8 BENCH_ROUNDS=1 make
# bench`; benches/relay/main.rs says what else can be chosen. It raises the limit of open files for 10,000 clients.
# What a statement costs inside of the proxy: `cargo bench --bench statement`.
bench: setup-servers
	@sh benches/setup.sh
	ulimit -n "$$(ulimit -Hn)" && cargo bench --bench relay

# Rows a second that one core merges: streams sorted, and groups of partial aggregates (about 3 minutes).
bench-merge:
	cargo bench --bench merge

# What a new id costs, beside ferroid, rs-snowflake and a mutex (about 3 minutes); benches/IDS.md is such a run.
bench-ids:
	cargo bench --bench ids

# How cost grows with shards, tables, clients, plans, lists and rows; writes benches/GROWTH.md and its pictures.
bench-growth: setup-servers
	cargo bench --bench growth

# Instructions of a statement, by callgrind, against those of benches/instructions.toml; `make instructions ARGS=accept`
# writes them there.
instructions: setup-servers
	@sh tests/setup/valgrind.sh
	cargo bench --profile dev --config benches/instructions.profile.toml --bench instructions -- $(ARGS)

# Heap allocations of a statement whose plan is cached. `make allocations ARGS=WORD` shows where they come from, for the
# cases whose names contain WORD.
allocations: setup-servers
	ALLOCATIONS="$(ARGS)" cargo test --test allocations -- --nocapture

# Where a proxy under point selects spends its time: target/flame.svg. FLAME_SECONDS and FLAME_THREADS say how long and how
# many clients.
flame: setup-servers
	@sh benches/flame.sh

setup: setup-servers setup-drivers

setup-servers:
	@sh tests/setup/servers.sh

setup-drivers:
	@sh tests/setup/drivers.sh
