//! The protocol's commands besides statements, compared with a plain server's answers.

use crate::support::client::{Answer, Client, Failure, Login, Param};
use crate::support::shop::{Shop, closed, number, run, soon, text, until};

/// Packets of an answer until its end: columns of COM_FIELD_LIST, or one OK or ERR.
async fn packets(client: &mut Client, command: u8, body: &[u8]) -> Vec<Vec<u8>> {
    client.command(command, body).await.unwrap();
    let mut all = Vec::new();
    loop {
        let packet = soon("an answer to a command", client.read()).await.unwrap();
        let last = [0, 0xFE, 0xFF].contains(&packet[0]);
        all.push(packet);
        if last {
            return all;
        }
    }
}

#[tokio::test]
async fn unknown_commands_are_answered() {
    let shop = Shop::shared("commands").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain().await);
    for command in [0x00, 0x0B, 0x0F, 0x10, 0x14, 0x15, 0x55, 0x80, 0xA0, 0xFF] {
        let given = soon("an unknown command's answer", client.simple(command, b"body")).await.unwrap();
        let Answer::Refused(refusal) = &given else { panic!("{command:#x}: {given}") };
        assert_eq!((refusal.errno, refusal.state.as_str()), (1047, "08S01"), "{command:#x}");
        assert_eq!(number(&client.one("SELECT 1").await), 1);
    }
    let wanted = oracle.simple(0x55, &[]).await.unwrap();
    assert_eq!(wanted.errno(), 1047);
}

#[tokio::test]
async fn ping_statistics_and_options() {
    let shop = Shop::shared("ping").await;
    for capabilities in [0, crate::support::client::CLIENT_DEPRECATE_EOF] {
        let mut client = crate::support::shop::connect(&Login { capabilities, ..shop.login() }).await;
        let mut oracle = crate::support::shop::connect(&Login {
            capabilities,
            ..Login::root(shop.lab.oracle().port()).database(&shop.database)
        })
        .await;
        assert_eq!(client.ping().await.unwrap(), oracle.ping().await.unwrap());
        run(&mut client, &["BEGIN"]).await;
        run(&mut oracle, &["BEGIN"]).await;
        assert_eq!(client.ping().await.unwrap(), oracle.ping().await.unwrap());
        run(&mut client, &["COMMIT"]).await;
        run(&mut oracle, &["COMMIT"]).await;
        client.command(9, &[]).await.unwrap();
        let statistics = client.read().await.unwrap();
        assert!(std::str::from_utf8(&statistics).is_ok_and(|text| !text.is_empty()));
        for option in [1u16, 0] {
            let body = option.to_le_bytes();
            let (given, wanted) =
                (packets(&mut client, 0x1B, &body).await, packets(&mut oracle, 0x1B, &body).await);
            // Without the number of warnings: MySQL repeats that of the statement before.
            let kind = |packets: &[Vec<u8>]| (packets.len(), packets[0].len(), packets[0][0], packets[0][3]);
            assert_eq!(kind(&given), kind(&wanted));
            let answer = client.query("SELECT 1; SELECT 2").await.unwrap();
            let wanted = oracle.query("SELECT 1; SELECT 2").await.unwrap();
            assert_eq!(answer.len(), wanted.len());
            assert_eq!(answer[0].errno(), wanted[0].errno(), "option {option}: {}", answer[0]);
        }
        let odd = packets(&mut client, 0x1B, &9u16.to_le_bytes()).await;
        assert_eq!(odd[0][0], 0xFF);
        assert_eq!(number(&client.one("SELECT 1").await), 1);
    }
}

#[tokio::test]
async fn field_list() {
    let shop = Shop::shared("field_list").await;
    let (mut client, mut direct) = (shop.client().await, shop.direct(0).await);
    let names = |packets: &[Vec<u8>]| -> Vec<String> {
        packets[..packets.len() - 1].iter().map(|p| crate::support::packets::column(p).name).collect()
    };
    for body in [&b"users\0"[..], b"products\0", b"sparse\0k", b"users\0%e%"] {
        let given = packets(&mut client, 4, body).await;
        let wanted = packets(&mut direct, 4, body).await;
        if wanted[0][0] == 0xFF {
            // MySQL 9 has dropped the command.
            continue;
        }
        assert_eq!(names(&given), names(&wanted), "{}", body.escape_ascii());
        assert_eq!(given.last(), wanted.last(), "{}", body.escape_ascii());
    }
    assert_eq!(packets(&mut client, 4, b"missing\0").await[0][..3], [0xFF, 0x7A, 0x04], "error 1146");
    assert_eq!(number(&client.one("SELECT 1").await), 1);
}

/// What a session has of its own, in one line.
async fn state(client: &mut Client) -> String {
    let mut out = String::new();
    for sql in [
        "SELECT @@sql_mode",
        "SELECT @@time_zone",
        "SELECT @@autocommit",
        "SELECT @@character_set_client",
        "SELECT @@collation_connection",
        "SELECT COALESCE(@x, 'none')",
        "SELECT LAST_INSERT_ID()",
        "SELECT DATABASE()",
    ] {
        let answer = client.one(sql).await;
        let Answer::Rows { status, .. } = &answer else { panic!("{sql}: {answer}") };
        out.push_str(&format!("{} {status:#x}; ", text(&answer)));
    }
    out
}

const MESS: &[&str] = &[
    "SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00', @x = 'mine'",
    "SET NAMES latin1",
    "INSERT INTO users (name) VALUES ('committed')",
    "SET autocommit = 0",
    "INSERT INTO users (id, name) VALUES (77, 'gone')",
    "PREPARE p FROM 'SELECT 1'",
];

async fn expect_clean(client: &mut Client) {
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM users WHERE id = 77").await), 0);
    assert_eq!(client.one("EXECUTE p").await.errno(), 1243);
}

#[tokio::test]
async fn reset_connection() {
    let shop = Shop::shared("reset").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain_with_tables().await);
    for side in [&mut client, &mut oracle] {
        run(side, MESS).await;
        let statement = side.prepare("SELECT ?").await.unwrap();
        let named = state(side).await;
        assert!(named.contains("+03:00") && named.contains("mine") && named.contains("latin1"), "{named}");
        assert_eq!(side.simple(0x1F, &[]).await.unwrap().errno(), 0);
        expect_clean(side).await;
        let gone = side.execute(&statement, &[Param::Int(1)]).await.unwrap();
        assert_eq!(gone[0].errno(), 1243, "{}", gone[0]);
    }
    assert_eq!(state(&mut client).await, state(&mut oracle).await);
    let mut other = shop.client().await;
    assert_eq!(number(&other.one("SELECT COUNT(*) FROM users").await), 1);
}

#[tokio::test]
async fn change_user() {
    let shop = Shop::shared("change_user").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain_with_tables().await);
    run(&mut client, MESS).await;
    run(&mut oracle, MESS).await;
    let statement = client.prepare("SELECT ?").await.unwrap();
    client.change_user("app", "app", &shop.database).await.unwrap();
    oracle.change_user("root", "", &shop.database).await.unwrap();
    expect_clean(&mut client).await;
    assert_eq!(state(&mut client).await, state(&mut oracle).await);
    let gone = client.execute(&statement, &[Param::Int(1)]).await.unwrap();
    assert_eq!(gone[0].errno(), 1243, "{}", gone[0]);
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM users").await), 1);

    client.change_user("app", "app", "").await.unwrap();
    assert_eq!(client.one("SELECT * FROM users").await.errno(), 1046);

    for (user, password, database, errno) in
        [("app", "wrong", "", 1045), ("nobody", "app", "", 1045), ("app", "app", "nowhere", 1049)]
    {
        let mut client = shop.client().await;
        run(&mut client, &["BEGIN", "INSERT INTO users (id, name) VALUES (78, 'gone')"]).await;
        match soon("the answer to CHANGE USER", client.change_user(user, password, database)).await {
            Err(Failure::Refused(refusal)) => assert_eq!(refusal.errno, errno, "{refusal:?}"),
            other => panic!("{user} {database}: {other:?}"),
        }
        if errno == 1045 {
            assert!(closed(&soon("the end", client.query("SELECT 1")).await));
        }
        drop(client);
    }
    let mut other = shop.client().await;
    until("what they had begun is undone", async || {
        (number(&other.one("SELECT COUNT(*) FROM users WHERE id = 78").await) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn statements_close_reset_and_long_data() {
    let shop = Shop::shared("statements").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain_with_tables().await);
    for side in [&mut client, &mut oracle] {
        let insert = side.prepare("INSERT INTO users (id, name, email) VALUES (?, ?, ?)").await.unwrap();
        let select = side.prepare("SELECT name, email FROM users WHERE id = ?").await.unwrap();
        for id in 1..=20 {
            for part in ["long", "-", "data"] {
                side.send_long_data(&insert, 1, part.as_bytes()).await.unwrap();
            }
            side.send_long_data(&insert, 2, b"").await.unwrap();
            let params = [Param::Int(id), Param::Blob(Vec::new()), Param::Blob(Vec::new())];
            let done = side.execute_long(&insert, &params, &[1, 2]).await.unwrap();
            assert_eq!(done[0].done().affected, 1, "{}", done[0]);
            let rows = side.execute(&select, &[Param::Int(id)]).await.unwrap();
            assert_eq!(format!("{} {}", rows[0].rows()[0][0], rows[0].rows()[0][1]), "'long-data' ''");
        }
        // A reset forgets the long data; the next EXECUTE brings its own values.
        side.send_long_data(&insert, 1, b"forgotten").await.unwrap();
        assert_eq!(side.reset(&insert).await.unwrap().errno(), 0);
        let params = [Param::Int(21), Param::Str("own".into()), Param::Null];
        assert_eq!(side.execute(&insert, &params).await.unwrap()[0].errno(), 0);
        let rows = side.execute(&select, &[Param::Int(21)]).await.unwrap();
        assert_eq!(format!("{} {}", rows[0].rows()[0][0], rows[0].rows()[0][1]), "'own' NULL");
        // Types may change from one EXECUTE to the next.
        for param in
            [Param::Str("21".into()), Param::UInt(21), Param::Decimal("21".into()), Param::Double(21.0)]
        {
            let rows = side.execute(&select, std::slice::from_ref(&param)).await.unwrap();
            assert_eq!(rows[0].rows().len(), 1, "{param:?}");
        }
        assert_eq!(side.execute(&select, &[Param::Null]).await.unwrap()[0].rows().len(), 0);
        side.close(&insert).await.unwrap();
        let gone = side.execute(&insert, &params).await.unwrap();
        assert_eq!(gone[0].errno(), 1243, "{}", gone[0]);
        assert_eq!(side.reset(&insert).await.unwrap().errno(), 1243);
        side.send_long_data(&insert, 0, b"nobody answers").await.unwrap();
        side.close(&insert).await.unwrap();
        assert_eq!(side.execute(&select, &[Param::Int(1)]).await.unwrap()[0].rows().len(), 1);
    }
}

#[tokio::test]
async fn many_statements_on_few_connections() {
    let setup = crate::support::shop::Setup { more: "[pool]\nmax_connections = 2\n", ..Default::default() };
    let shop = Shop::shared_with("many_statements", &setup).await;
    let mut client = shop.client().await;
    run(&mut client, &["INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')"]).await;
    // More than a connection to a server keeps prepared.
    let mut statements = Vec::new();
    for n in 0..250 {
        statements.push(client.prepare(&format!("SELECT {n}, name FROM users WHERE id = ?")).await.unwrap());
    }
    for round in 0..2 {
        for (n, statement) in statements.iter().enumerate() {
            let id = (n as i64 + round) % 4 + 1;
            let rows = client.execute(statement, &[Param::Int(id)]).await.unwrap();
            let name = ["'a'", "'b'", "'c'", "'d'"][id as usize - 1];
            assert_eq!(format!("{} {}", rows[0].rows()[0][0], rows[0].rows()[0][1]), format!("{n} {name}"));
        }
    }
}

/// Several statements in one text: where nothing stands between two semicolons, a server reads on to the next one.
#[tokio::test]
async fn statements_that_are_empty_answer_as_a_plain_server_s() {
    let shop = Shop::shared("empty_statements").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain().await);
    let mut wrong = Vec::new();
    for several in [1u16, 0] {
        for client in [&mut client, &mut oracle] {
            packets(client, 0x1B, &(1 - several).to_le_bytes()).await;
        }
        for sql in [
            "SELECT 1;;SELECT 2",
            "SELECT 1; ;SELECT 2",
            "SELECT 1;",
            "SELECT 1;;",
            "SELECT 1; ;",
            "SELECT 1; ; ;\n",
            "SELECT 1; -- x",
            "SELECT 1; -- x\n",
            "SELECT 1;# x",
            "SELECT 1; /* x */",
            "SELECT 1; /* x */;",
            "SELECT 1; /* x */ ; -- y",
            "SELECT 1; /* x */; SELECT 2",
            "SELECT 1; -- x\n; SELECT 2",
            "SELECT 1; -- x\nSELECT 2",
            "SELECT 1;\n\n",
            "SELECT 1; /*! */",
            "SELECT 1; /*!999999 x */",
            "SELECT 1 -- x\n; -- y",
            "",
            " ",
            ";",
            ";;",
            " ; ; ",
            ";SELECT 1",
            "; ;SELECT 1",
            "-- x",
            "/* x */",
            "/* x */;",
            "/* x */; SELECT 1",
            "-- x\n; SELECT 1",
            "/* x */ SELECT 1; SELECT 2",
            "DO 1; ; DO 2",
            "DO 1;DO 2;;DO 3",
            "SELECT 1; SELECT; SELECT 3",
            "SELECT 1; SELECT 2",
            "SELECT ';', 1; SELECT 2;",
        ] {
            let shown = |answers: Vec<Answer>| {
                answers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
            };
            let given = shown(soon(sql, client.query(sql)).await.unwrap());
            let wanted = shown(soon(sql, oracle.query(sql)).await.unwrap());
            if given != wanted {
                wrong.push(format!("{sql:?}, several: {several}\n  {given}\nplain\n  {wanted}"));
            }
            let shown = |prepared: Result<_, Failure>| match prepared {
                Ok(()) => "prepared".to_owned(),
                Err(Failure::Refused(refused)) => {
                    format!("{} {} {}", refused.errno, refused.state, refused.message)
                }
                Err(other) => panic!("{sql}: {other}"),
            };
            let given = shown(soon(sql, client.prepare(sql)).await.map(drop));
            let wanted = shown(soon(sql, oracle.prepare(sql)).await.map(drop));
            if given != wanted {
                wrong.push(format!("PREPARE {sql:?}, several: {several}\n  {given}\nplain\n  {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
