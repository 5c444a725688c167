//! Whole configurations: those of `config/`, and one with every kind of mistake.

use std::time::Duration;

use super::*;
use crate::base::ids::NodeId;

const HEAD: &str = "[[user]]\nname = \"app\"\n[source.ds0]\nprimary = \"mysql://r@h\"\n[source.ds1]\nprimary = \"mysql://r@h:1\"\n";

fn read(text: &str) -> Result<Config, Vec<String>> {
    let env = |name: &str| (name == "SET").then(|| "value".to_owned());
    parse(text, "t.toml", &env).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn shipped(name: &str) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    load(&path).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn shipped_files_load() {
    let config = shipped("quickstart.toml");
    assert_eq!(config.sources.len(), 4);
    assert_eq!(config.sources[3].replicas[0].port, 13319);
    assert_eq!(config.users[0].name, "app");
    let shop = &config.databases[0];
    assert_eq!(shop.tables.len(), 5);
    let TableLayout::Sharded { key, nodes, .. } = &shop.tables[1].layout else { panic!("orders is sharded") };
    assert_eq!((key.as_str(), nodes.len()), ("user_id", 4));
    assert_eq!(shop.tables[1].id.as_ref().unwrap().column, "id");
    assert_eq!(shipped("replicas.toml").sources[0].replicas.len(), 2);
    assert_eq!(shipped("sharded.toml").databases[0].groups.len(), 6);
}

#[test]
fn numbered_tables_follow_their_shards() {
    let config = shipped("sharded.toml");
    let table = |name| config.databases[0].tables.iter().find(|table| table.name == name).unwrap();
    let layout = |name| match &table(name).layout {
        TableLayout::Sharded { rule, nodes, .. } => (rule.clone(), nodes.clone()),
        other => panic!("{other:?}"),
    };
    let ((accounts, shards), (tickets, nodes)) = (layout("accounts"), layout("tickets"));
    assert_eq!((accounts.node_count(), tickets.node_count()), (2, 4));
    for slot in 0..1024 {
        let shard = &shards[usize::from(accounts.parts().node(slot).unwrap().0)];
        let node = &nodes[usize::from(tickets.parts().node(slot).unwrap().0)];
        assert_eq!(shard.source, node.source, "slot {slot}");
    }
    assert_eq!(tickets.parts().node(1), Some(NodeId(1)));
}

/// What ids can carry: the slot of the table's own sharding column, where a row keeps its slot for ever.
#[test]
fn genes_are_checked() {
    let text = |ids: &str, algorithm: &str, gene: &str| {
        let group =
            format!("algorithm = {algorithm}, tables = {{ orders = \"user_id\", items = \"order_id\" }}");
        format!(
            "{HEAD}{ids}\n[database.d]\nshards = [\"ds{{0..1}}/d\"]\nsingle = {{ log = \"ds0/d\" }}\n\
             group.g = {{ {group} }}\n{gene}\n"
        )
    };
    let hash = "{ hash = \"crc32\" }";
    let orders = |more: &str| format!("table.orders.id = {{ column = \"order_id\", {more} }}");
    for (ids, algorithm, gene, wanted) in [
        ("", hash, orders("gene = \"user_id\""), ""),
        ("", "{ modulo = 6 }", orders("gene = \"USER_ID\", gene_place = \"low\", cutover = 7"), ""),
        (
            "",
            hash,
            orders("gene = \"customer_id\""),
            "t.toml:12:42: gene \"customer_id\" is not the sharding column of table \"orders\", whose rows are found by the slot \
             of \"user_id\"; write gene = \"user_id\"",
        ),
        (
            "",
            hash,
            "table.items.id = { column = \"order_id\", gene = \"order_id\" }".into(),
            "t.toml:12:41: table \"items\" is sharded by its id: a query by \"order_id\" goes to one shard as it is; leave gene \
             out",
        ),
        (
            "",
            "{ range = [10] }",
            orders("gene = \"user_id\""),
            "t.toml:12:42: gene of table \"orders\": ids can carry a slot of hash or a remainder of modulo, which a row keeps \
             for ever; parts of range, list and date are numbered anew when one is added",
        ),
        (
            "",
            "{ hash = \"crc32\", slots = 4096 }",
            orders("gene = \"user_id\""),
            "t.toml:12:42: gene of table \"orders\": 12 bits of gene leave no sequence in the layout 41/10/12: take bits from \
             the worker, such as 41/4/18",
        ),
        (
            "[ids]\nlayout = \"41/4/18\"",
            "{ hash = \"crc32\", slots = 4096 }",
            orders("gene = \"user_id\""),
            "",
        ),
        (
            "",
            hash,
            "table.log.id = { column = \"id\", gene = \"user_id\" }".into(),
            "t.toml:12:33: gene is for sharded tables; \"log\" is declared in single",
        ),
        (
            "",
            hash,
            orders("cutover = 7"),
            "t.toml:12:42: cutover is for ids with a gene; add gene, or leave it out",
        ),
        (
            "",
            hash,
            orders("generator = \"uuid7\", gene = \"user_id\""),
            "t.toml:12:63: unknown key \"gene\" in id",
        ),
    ] {
        let wanted: Vec<&str> = wanted.split('\n').filter(|line| !line.is_empty()).collect();
        let found = read(&text(ids, algorithm, &gene)).err().unwrap_or_default();
        assert_eq!(found, wanted, "{gene}");
    }
}

/// Guesses stop where nobody reads them any more; mistakes are told to the last.
#[test]
fn every_one_of_many_mistakes_is_told() {
    let section = |table| format!("[database.d.table.table_{table}]\n");
    let sections: Vec<String> = (0..1000).map(section).collect();
    let database = "[database.d]\nshards = [\"ds{0..1}/d\"]\nsingle = { table_x = \"ds0/d\" }\n";
    let text = [HEAD, database, &sections.concat()].concat();
    let problems = read(&text).unwrap_err();
    assert_eq!(problems.len(), 1000);
    assert!(problems[0].starts_with("t.toml:10:"), "{}", problems[0]);
    assert!(problems[999].starts_with("t.toml:1009:"), "{}", problems[999]);
    assert_eq!(problems.iter().filter(|problem| problem.ends_with("did you mean \"table_x\"?")).count(), 20);
}

#[test]
fn transactions_are_read() {
    let text = |section: &str| format!("{HEAD}{section}[database.d]\nshards = [\"ds{{0..1}}/d\"]\n");
    let whole =
        "[transaction]\nmode = \"single\"\nschema = \"of_ours\"\ntimeout = \"10m\"\nrecover_every = \"1s\"\n";
    let read_config = read(&text(whole)).unwrap().transaction;
    assert_eq!(read_config.mode, TransactionMode::Single);
    assert_eq!(
        (read_config.schema.as_str(), read_config.timeout),
        ("of_ours", Some(Duration::from_secs(600)))
    );
    assert_eq!(read(&text("")).unwrap().transaction.mode, TransactionMode::Atomic);
    let wrong = "[transaction]\nmode = \"sometimes\"\nschema = \"\"\ntimeouts = \"10m\"\n";
    let line = HEAD.lines().count() + 1;
    let wanted = [
        format!("t.toml:{}:8: mode \"sometimes\" is none; write \"atomic\" or \"single\"", line + 1),
        format!("t.toml:{}:10: schema is the name of a schema; write \"shardgate\"", line + 2),
        format!(
            "t.toml:{}:1: unknown key \"timeouts\" in [transaction]; did you mean \"timeout\"?",
            line + 3
        ),
    ];
    assert_eq!(read(&text(wrong)).unwrap_err(), wanted);
}

/// Every key that the reference shows, uncommented, is known; what it calls a default is the default.
#[test]
fn the_reference_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/reference.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let plain = read(&text).unwrap();
    let key = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let word = rest.split_once('=')?.0.trim();
        let is_key = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_key.then(|| rest.to_owned())
    };
    let defaults = |line: &str| key(line).filter(|rest| !rest.contains("example:"));
    let with = |pick: &dyn Fn(&str) -> Option<String>| -> String {
        text.lines().map(|line| pick(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
    };
    assert_eq!(read(&with(&defaults)), Ok(plain));
    let all = read(&with(&key)).unwrap();
    assert_eq!(all.users[0].database.as_deref(), Some("shop"));
    assert_eq!(all.admin.address.as_deref(), Some("127.0.0.1:3308"));
}

#[test]
fn ten_mistakes_are_all_shown() {
    let text = r#"
[listen]
adress = "127.0.0.1:3307"
max_connections = "many"

[[user]]
name = "app"
password = "${NO_SUCH_VARIABLE}"

[source.ds0]
primary = "127.0.0.1:13306"
[source.ds1]
primary = "mysql://root@127.0.0.1:13307"

[database.shop]
shards = ["ds0/shop", "ds9/shop"]
reference = ["products", "users"]
[database.shop.group.by_user]
algorithm = { hash = "md5" }
tables = { users = "id" }
[database.shop.group.by_slot]
algorithm = { hash = "crc32", slots = 10, ranges = ["0-5", "5-8"] }
tables = { slots = "id" }
[database.shop.group.by_range]
algorithm = { range = [10, 5] }
tables = { spans = "id" }
[database.shop.group.even]
algorithm = { modulo = 2 }
tables = { evens = "id" }
[database.shop.table.evens]
id = { column = "id", generator = "snowflak" }
nodes = ["ds0/shop.e_{0..2}"]
[database.shop.table.usrs]
id = { column = "id", generator = "snowflake" }
"#;
    let wanted = [
        "t.toml:3:1: unknown key \"adress\" in [listen]; did you mean \"address\"?",
        "t.toml:4:19: max_connections must be an integer from 1 to 1000000, not \"many\"",
        "t.toml:8:12: the environment has no variable NO_SUCH_VARIABLE; set it, or write ${NO_SUCH_VARIABLE:-default}",
        "t.toml:11:11: an address begins with mysql://; write mysql://user:password@host:port",
        "t.toml:16:23: unknown source \"ds9\"; did you mean \"ds0\"?",
        "t.toml:17:26: table \"users\" is declared twice: in group \"by_user\" and in reference",
        "t.toml:19:22: unknown hash \"md5\"; the one there is is \"crc32\"",
        "t.toml:22:60: ranges: 5 is given twice: to shard 0 and to shard 1",
        "t.toml:22:60: ranges: no shard is given 9",
        "t.toml:25:1: 3 parts do not spread evenly over 2 shards; say which shard has which in ranges = [\"0-1\", …]",
        "t.toml:25:28: bounds must ascend: 5 does not",
        "t.toml:31:35: unknown generator \"snowflak\"; did you mean \"snowflake\"?; one of snowflake, segment, uuid7",
        "t.toml:32:1: table \"evens\" has 3 nodes for 2 shards; each shard needs the same number of them",
        "t.toml:33:22: table \"usrs\" is in no group, nor in reference or single; did you mean \"users\"?",
    ];
    assert_eq!(read(text).unwrap_err(), wanted);
}

#[test]
fn single_mistakes() {
    for (tail, wanted) in [
        ("[database.d]\nshards = []", "shards is empty"),
        ("[database.d]", "has no shards"),
        ("[database.d]\nshards = [\"ds0/d\", \"ds0/d\"]", "given twice"),
        ("[database.d]\nshards = [\"ds0\"]", "is no place"),
        ("[database.d]\nshards = [\"ds0/d.t\"]", "a shard is source/schema"),
        ("[database.d]\nshards = \"ds0/d\"\nsingel = {}", "did you mean \"single\"?"),
        (
            "[database.d]\nshards = \"ds0/d\"\n[database.d.group.g]\nalgorithm = { hsh = \"crc32\" }\ntables = {}",
            "did you mean \"hash\"?",
        ),
        (
            "[database.d]\nshards = \"ds0/d\"\n[database.d.group.g]\nkey = \"intger\"\nalgorithm = { modulo = 1 }\ntables = {}",
            "did you mean \"integer\"?",
        ),
        (
            "[database.d]\nshards = \"ds0/d\"\n[database.d.group.g]\nalgorithm = { modulo = 1, hash = \"crc32\" }\ntables = {}",
            "not hash and modulo",
        ),
        (
            "[database.d]\nshards = \"ds0/d\"\n[database.d.group.g]\nalgorithm = { date = \"month\", start = \"2024-01-02\" }\ntables = {}",
            "first day of a month",
        ),
        ("[database.d]\nshards = \"ds0/d\"\n[log]\nlevel = \"inf\"", "did you mean \"info\"?"),
        ("[database.d]\nshards = \"ds0/d\"\n[log", "not TOML"),
        ("[database.d]\nshards = \"ds{0..1/d\"", "without \"}\""),
        ("[database.d]\nshards = \"ds0/d\"\n[pool]\nwait = 5", "must be a time"),
        ("[database.d]\nshards = \"ds0/d\"\n[admin]\naddress = \"localhost\"", "write \"127.0.0.1:3308\""),
        ("[database.d]\nshards = \"ds0/d\"\n[admin]\nadress = \"a:1\"", "did you mean \"address\"?"),
    ] {
        let problems = read(&format!("{HEAD}{tail}\n")).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(wanted)), "{tail}: {problems:#?}");
        assert!(problems.len() <= 2, "{tail}: {problems:#?}");
    }
    let problems = read("").unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
}
