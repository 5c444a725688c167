//! What OK packets tell a client of its session (CLIENT_SESSION_TRACK): the same as a plain server's.

use crate::support::client::{
    Answer, CLIENT_DEPRECATE_EOF, CLIENT_SESSION_TRACK, Client, Done, Login, Param,
};
use crate::support::shop::{Shop, connect, run};

/// Every status flag but those of how a query found its rows.
const STATUS: u16 = !(0x10 | 0x20 | 0x800);

/// A shop's two servers, plain and sharded, to clients of the same capabilities.
struct Both {
    plain: Client,
    proxy: Client,
}

impl Both {
    async fn connect(shop: &Shop<'_>, capabilities: u32, database: bool) -> Self {
        let login = |login: Login| {
            let login = if database { login.database(&shop.database) } else { login };
            Login { capabilities, ..login }
        };
        let plain = connect(&login(Login::root(shop.lab.oracle().port()))).await;
        let proxy = connect(&login(Login::app(shop.proxy.port))).await;
        Self { plain, proxy }
    }

    /// Runs a statement on both, and compares what the answers tell.
    async fn same(&mut self, sql: &str) -> Vec<String> {
        if let Some(sql) = sql.strip_prefix('~') {
            run(&mut self.plain, &[sql]).await;
            run(&mut self.proxy, &[sql]).await;
            return Vec::new();
        }
        let wanted: Vec<String> = self.plain.query(sql).await.unwrap().iter().map(told).collect();
        let given: Vec<String> = self.proxy.query(sql).await.unwrap().iter().map(told).collect();
        assert_eq!(given, wanted, "{sql}");
        given
    }
}

/// What an answer tells, in an order: servers of MariaDB tell of variables in any.
fn told(answer: &Answer) -> String {
    match answer {
        Answer::Done(done) => packet(done),
        Answer::Rows { status, .. } => format!("rows, status {:#x}", status & STATUS),
        Answer::Refused(refusal) => format!("error {}", refusal.errno),
    }
}

fn packet(done: &Done) -> String {
    // MySQL counts statements in a variable: the numbers are each server's own.
    let own = |change: &&String| !change.starts_with("statement_id");
    let mut changes: Vec<&String> = done.changes.iter().filter(own).collect();
    changes.sort_unstable();
    format!("status {:#x} info {:?} {changes:?}", done.status & STATUS, done.info)
}

/// What `~` stands before is not compared: MySQL ends its tracking of all variables with the news that something has
/// changed, and does not say what.
const BOTH: &str = "
SET NAMES utf8mb4
SET NAMES latin1 COLLATE latin1_swedish_ci
SET NAMES utf8mb4 COLLATE utf8mb4_bin
SET CHARACTER SET latin1
SET NAMES utf8mb4
SET autocommit=0
SET autocommit=0
SELECT 1
SELECT * FROM sparse
COMMIT
SET autocommit=1
SET AutoCommit=ON
SET time_zone='+01:00', autocommit=1
SET autocommit=1, time_zone='+02:00', time_zone='+03:00'
SET @@session.time_zone=DEFAULT
SET @@session.time_zone='+05:00', @@local.autocommit=TRUE
SET sql_mode='ANSI_QUOTES'
SELECT 1
SET sql_mode='NO_BACKSLASH_ESCAPES'
INSERT INTO sparse VALUES (1, 1)
SET sql_mode=DEFAULT
UPDATE sparse SET v = 2
SET autocommit=0, nonsense=1
SET autocommit=0, sql_mode='nonsense'
SELECT @@autocommit
SET @a=1
SET character_set_client=latin1
SET character_set_connection=latin1
SET collation_connection=utf8mb4_bin
SET character_set_results=NULL
SET character_set_results=utf8mb4
SET NAMES utf8mb4
USE nowhere
USE DATABASE
USE information_schema
USE DATABASE
USE DATABASE; SELECT 1; SET time_zone='+01:00'
USE DATABASE; SELECT nope; USE DATABASE
BEGIN
BEGIN
COMMIT AND CHAIN
SELECT * FROM sparse
DELETE FROM sparse
SELECT nope
ROLLBACK
START TRANSACTION WITH CONSISTENT SNAPSHOT
COMMIT
START TRANSACTION READ ONLY
INSERT INTO sparse VALUES (2, 2)
ROLLBACK AND CHAIN
ROLLBACK
BEGIN; SELECT 1; COMMIT
BEGIN
CREATE TABLE extra (a INT)
BEGIN
TRUNCATE TABLE extra
BEGIN
DROP TABLE extra
BEGIN
SET autocommit=0
COMMIT
BEGIN
SET autocommit=1
COMMIT
BEGIN
SET autocommit=1
SAVEPOINT a
ROLLBACK TO a
ROLLBACK TO b
RELEASE SAVEPOINT a
COMMIT
SET TRANSACTION READ ONLY
SELECT 1 FROM sparse
SET SESSION TRANSACTION READ ONLY
SET SESSION TRANSACTION READ WRITE
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
PREPARE s FROM 'SET time_zone = ?'
SET @zone = '+02:00'
EXECUTE s USING @zone
DEALLOCATE PREPARE s
SET session_track_system_variables='sql_mode, SQL_SELECT_LIMIT '
SET sql_mode='ANSI'
SET sql_mode=''
SET sql_select_limit=5, sql_mode='ANSI', autocommit=1
SET sql_select_limit=DEFAULT
SET foreign_key_checks=0
SET session_track_system_variables='*'
SET foreign_key_checks=0
SET unique_checks=OFF
SET sql_mode=DEFAULT
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
SET SESSION TRANSACTION READ WRITE
SET NAMES utf8mb4 COLLATE utf8mb4_bin
SET collation_connection=utf8mb4_general_ci
SET character_set_connection=latin1
SET CHARACTER SET latin1
SET NAMES utf8mb4
SET insert_id=5
SET last_insert_id=5
SET timestamp=5
SET @a=4, sql_mode='ANSI', sql_mode=''
SET wait_timeout=100
SET long_query_time=1.5
SET group_concat_max_len=2000
SET lc_time_names='de_DE'
SET sql_auto_is_null=ON
~SET session_track_system_variables='autocommit, TIME_ZONE '
SET time_zone='+00:00'
SET session_track_system_variables=''
SET autocommit=1
SET session_track_system_variables=DEFAULT
SET autocommit=1
SET session_track_system_variables='session_track_system_variables'
SET session_track_system_variables='session_track_system_variables,time_zone'
SET session_track_schema=0
USE DATABASE
SET session_track_schema=1
USE DATABASE
SET session_track_state_change=1
SET session_track_state_change=1
SELECT 1
SET @a=1
SET autocommit=1
SET time_zone='+01:00'
SET sql_mode=''
USE DATABASE
PREPARE s FROM 'SELECT 1'
EXECUTE s
DEALLOCATE PREPARE s
DEALLOCATE PREPARE s
CREATE TEMPORARY TABLE tt (a INT)
CREATE TEMPORARY TABLE IF NOT EXISTS tt (a INT)
CREATE TEMPORARY TABLE tt (a INT)
INSERT INTO tt VALUES (1)
DROP TEMPORARY TABLE tt
CREATE TEMPORARY TABLE tt SELECT 1 AS a
DROP TEMPORARY TABLE tt
BEGIN
COMMIT
SET TRANSACTION READ ONLY
SET SESSION TRANSACTION READ WRITE
SET last_insert_id=5
SET time_zone='+01:00', nonsense=1
DO 1
SET SESSION session_track_state_change=1, time_zone='+01:00'
SET session_track_schema=1, session_track_state_change=1
SET @@session.session_track_state_change=0, time_zone='+01:00'
SET @b=1
";

#[tokio::test]
async fn ok_packets_tell_what_a_server_s_tell() {
    let shop = Shop::shared("tracking").await;
    drop(shop.plain_with_tables().await);
    for capabilities in [CLIENT_SESSION_TRACK | CLIENT_DEPRECATE_EOF, CLIENT_SESSION_TRACK] {
        let mut both = Both::connect(&shop, capabilities, true).await;
        assert_eq!(packet(&both.proxy.entered), packet(&both.plain.entered));
        assert_eq!(both.proxy.entered.changes, [format!("database {}", shop.database)]);
        let mut changed = 0;
        for line in BOTH.lines().filter(|line| !line.is_empty()) {
            let line = line.replace("DATABASE", &shop.database);
            let changes = both.same(&line).await;
            changed += changes.iter().filter(|told| !told.ends_with("[]")).count();
        }
        assert!(changed > 70, "{changed}");
    }
}

#[tokio::test]
async fn commands_tell_of_the_database() {
    let shop = Shop::shared("tracking_commands").await;
    let mut both = Both::connect(&shop, CLIENT_SESSION_TRACK | CLIENT_DEPRECATE_EOF, false).await;
    assert_eq!(packet(&both.proxy.entered), packet(&both.plain.entered));
    for (database, tells) in [(&*shop.database, true), ("nowhere", false), ("information_schema", true)] {
        let wanted = told(&both.plain.use_database(database).await.unwrap());
        let given = told(&both.proxy.use_database(database).await.unwrap());
        assert_eq!((&given, tells), (&wanted, given.contains("database")));
    }
    run(&mut both.plain, &["SET session_track_schema = 0"]).await;
    run(&mut both.proxy, &["SET session_track_schema = 0"]).await;
    assert_eq!(both.same("USE information_schema").await, ["status 0x2 info \"\" []"]);
    // The session is new, and tells again.
    both.plain.change_user("root", "", &shop.database).await.unwrap();
    both.proxy.change_user("app", "app", &shop.database).await.unwrap();
    assert_eq!(both.proxy.entered.changes, [format!("database {}", shop.database)]);
    assert_eq!(packet(&both.proxy.entered), packet(&both.plain.entered));
    both.same("BEGIN").await;
    let reset = 0x1F;
    let wanted = told(&both.plain.simple(reset, &[]).await.unwrap());
    let given = told(&both.proxy.simple(reset, &[]).await.unwrap());
    assert_eq!(given, wanted);
    for sql in ["SET time_zone = ?", "SET autocommit = 1"] {
        let mut packets = Vec::new();
        for client in [&mut both.plain, &mut both.proxy] {
            let statement = client.prepare(sql).await.unwrap();
            let params = if statement.params > 0 { vec![Param::Str("+01:00".into())] } else { Vec::new() };
            let answers = client.execute(&statement, &params).await.unwrap();
            let wanted = if params.is_empty() { "autocommit = ON" } else { "time_zone = +01:00" };
            assert_eq!(answers[0].done().changes, [wanted]);
            packets.push(told(&answers[0]));
        }
        assert_eq!(packets[1], packets[0], "{sql}");
    }
}

#[tokio::test]
async fn who_did_not_ask_is_told_nothing() {
    let shop = Shop::shared("untracked").await;
    drop(shop.plain_with_tables().await);
    let mut both = Both::connect(&shop, CLIENT_DEPRECATE_EOF, true).await;
    assert_eq!(packet(&both.proxy.entered), packet(&both.plain.entered));
    for line in BOTH.lines().filter(|line| !line.is_empty()) {
        let answers = both.same(&line.replace("DATABASE", &shop.database)).await;
        assert!(
            answers.iter().all(|told| told.ends_with("[]") || !told.starts_with("status")),
            "{answers:?}"
        );
    }
    // It would tell of nothing.
    run(&mut both.proxy, &["SET session_track_transaction_info = STATE"]).await;
}

#[tokio::test]
async fn what_only_one_server_could_tell_is_refused() {
    let shop = Shop::shared("tracking_refused").await;
    let mut both = Both::connect(&shop, CLIENT_SESSION_TRACK | CLIENT_DEPRECATE_EOF, true).await;
    let gtids = if shop.lab.is_mariadb() { "1193" } else { "1235" };
    for (sql, errno) in [
        ("SET session_track_transaction_info = STATE", "1235"),
        ("SET SESSION session_track_transaction_info = 'CHARACTERISTICS'", "1235"),
        ("SET autocommit = 0, session_track_transaction_info = 1", "1235"),
        ("SET session_track_transaction_info = OFF", "0"),
        ("SET session_track_transaction_info = DEFAULT", "0"),
        ("SET session_track_gtids = OWN_GTID", gtids),
    ] {
        let answer = both.proxy.one(sql).await;
        assert_eq!(answer.errno().to_string(), errno, "{sql}: {answer}");
    }
    assert_eq!(both.same("SELECT @@autocommit").await, ["rows, status 0x2"]);
    both.same("SET autocommit = 1").await;
}
