//! A TCP proxy of the tests' own between Shardgate and a server: it sees each statement on its way, and at a chosen step
//! of a transaction it stops the connection, tells the test, and cuts or goes on as the test says. So there are
//! failpoints at every step of the protocol, and none in the product.
//!
//! It knows of the protocol how packets are framed, that a command has sequence number 0, and that the first packet of
//! its answer has 1.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

const QUIT: u8 = 1;
const QUERY: u8 = 3;
const PREPARE: u8 = 0x16;
const LONG_DATA: u8 = 0x18;
const CLOSE: u8 = 0x19;
/// A statement that is longer is no step of a transaction's end.
const STATEMENT: usize = 4096;
/// So many statements of a connection are remembered.
const LATELY: usize = 32;
/// A connection that is held goes on after this, whatever the test does.
const HELD: Duration = Duration::from_secs(600);

/// A step of a transaction over several servers, as its statement shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    XaStart,
    XaEnd,
    XaPrepare,
    /// The decision row.
    Decide,
    /// A tombstone in its place.
    Tombstone,
    Commit,
    XaCommit,
    XaRollback,
    Rollback,
    /// A row lock is taken, a row is changed.
    Work,
    Savepoint,
    /// A table's columns are read.
    Define,
}

impl Step {
    /// What a statement is.
    pub fn of(sql: &str) -> Option<Self> {
        let text = sql.trim_start().to_ascii_uppercase();
        let starts = [
            ("XA START", Self::XaStart),
            ("XA BEGIN", Self::XaStart),
            ("XA END", Self::XaEnd),
            ("XA PREPARE", Self::XaPrepare),
            ("XA COMMIT", Self::XaCommit),
            ("XA ROLLBACK", Self::XaRollback),
            ("SAVEPOINT", Self::Savepoint),
            ("ROLLBACK TO", Self::Savepoint),
            ("COMMIT", Self::Commit),
            ("ROLLBACK", Self::Rollback),
            ("UPDATE", Self::Work),
            ("INSERT", Self::Work),
            ("SELECT", Self::Work),
        ];
        let (_, step) = starts.into_iter().find(|(word, _)| text.starts_with(word))?;
        match step {
            Self::Work if text.starts_with("INSERT") && text.contains("DECISIONS") => {
                // The outcome follows the name: 1 is the transaction's own.
                let outcome = text.split("'SG-").nth(1)?.split_once("',")?.1;
                Some(if outcome.trim_start().starts_with('1') { Self::Decide } else { Self::Tombstone })
            }
            Self::Work if text.contains("FROM INFORMATION_SCHEMA.COLUMNS") => Some(Self::Define),
            Self::Work if text.starts_with("SELECT") && !text.contains("FOR UPDATE") => None,
            step => Some(step),
        }
    }
}

/// Where a connection is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// The statement has not reached the server.
    Before,
    /// The server has carried it out and answered; the answer has not come back.
    After,
}

/// What becomes of a connection that was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Cut,
}

/// A connection that stands at its step. It goes on when this is dropped.
#[derive(Debug)]
pub struct Stopped {
    pub step: Step,
    pub sql: String,
    verdict: oneshot::Sender<Verdict>,
}

impl Stopped {
    pub fn pass(self) {
        self.verdict.send(Verdict::Pass).ok();
    }

    pub fn cut(self) {
        self.verdict.send(Verdict::Cut).ok();
    }
}

/// Waits for one connection at one step. Nothing is stopped any more when this is dropped.
#[derive(Debug)]
pub struct Trap {
    stopped: mpsc::UnboundedReceiver<Stopped>,
}

impl Trap {
    /// A connection has come to the step; `None`: one was about to, and was lost before it had its answer.
    pub async fn reached(&mut self) -> Option<Stopped> {
        self.stopped.recv().await
    }
}

#[derive(Debug)]
struct Set {
    step: Step,
    point: Point,
    /// So many more are let pass before.
    skip: usize,
    /// Only a connection that carries such a statement, or has lately.
    carried: Option<String>,
    tell: mpsc::UnboundedSender<Stopped>,
}

#[derive(Debug)]
struct Shared {
    server: u16,
    traps: Mutex<Vec<Set>>,
    /// Raised to cut all connections.
    cuts: watch::Sender<u64>,
}

impl Shared {
    /// The trap that a statement springs, if any, on a connection that has carried these before.
    fn springs(&self, step: Step, point: Point, sql: &str, before: &VecDeque<String>) -> Option<Set> {
        let mut traps = self.traps.lock();
        traps.retain(|set| !set.tell.is_closed());
        let fits = |set: &Set| {
            let carried = |text: &String| sql.contains(text) || before.iter().any(|sql| sql.contains(text));
            set.step == step && set.point == point && set.carried.as_ref().is_none_or(carried)
        };
        let place = traps.iter().position(fits)?;
        match traps[place].skip.checked_sub(1) {
            Some(left) => {
                traps[place].skip = left;
                None
            }
            None => Some(traps.remove(place)),
        }
    }
}

/// Tells the test, and waits for what it says.
async fn stop(set: Set, step: Step, sql: &str) -> Verdict {
    let (verdict, said) = oneshot::channel();
    if set.tell.send(Stopped { step, sql: sql.to_owned(), verdict }).is_err() {
        return Verdict::Pass;
    }
    let said = tokio::time::timeout(HELD, said).await;
    said.map_or(Verdict::Pass, |said| said.unwrap_or(Verdict::Pass))
}

/// The way from one proxy to one server.
pub struct Interposer {
    pub port: u16,
    shared: Arc<Shared>,
    listening: tokio::task::JoinHandle<()>,
}

impl fmt::Debug for Interposer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interposer({} → {})", self.port, self.shared.server)
    }
}

impl Drop for Interposer {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut_all();
    }
}

impl Interposer {
    /// Listens on a port of 127.0.0.1 for a server on another.
    pub async fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { server, traps: Mutex::default(), cuts: watch::Sender::new(0) });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { port, shared, listening }
    }

    /// `mysql://root@127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}", self.port)
    }

    /// Stops the connection that comes to a step as the `nth` from now, counted from 0.
    pub fn trap(&self, step: Step, point: Point, nth: usize) -> Trap {
        self.set(step, point, nth, None)
    }

    /// Stops the connection that comes to a step next, of those that carry a statement with this text or have lately.
    pub fn trap_of(&self, step: Step, point: Point, carried: &str) -> Trap {
        self.set(step, point, 0, Some(carried.to_owned()))
    }

    fn set(&self, step: Step, point: Point, skip: usize, carried: Option<String>) -> Trap {
        let (tell, stopped) = mpsc::unbounded_channel();
        self.shared.traps.lock().push(Set { step, point, skip, carried, tell });
        Trap { stopped }
    }

    /// Cuts all connections, wherever they are. Those that are stopped come to their end when they go on.
    pub fn cut_all(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        // A server that is down: the client's connection is closed at once.
        let Ok(server) = TcpStream::connect(("127.0.0.1", shared.server)).await else { continue };
        tokio::spawn(connection(client, server, Arc::clone(&shared)));
    }
}

/// What both directions of a connection know.
#[derive(Debug, Default)]
struct Both {
    /// Commands sent that have an answer.
    commands: u64,
    /// The answer to this command is to be held.
    hold: Option<(u64, Set, Step, String)>,
}

async fn connection(client: TcpStream, server: TcpStream, shared: Arc<Shared>) {
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let both = Mutex::new(Both::default());
    let mut cuts = shared.cuts.subscribe();
    // The end of any ends all: both sockets are closed.
    tokio::select! {
        () = requests(from_client, to_server, &shared, &both) => {}
        () = answers(from_server, to_client, &both) => {}
        _ = cuts.changed() => {}
    }
}

async fn requests(from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, both: &Mutex<Both>) {
    let mut from = BufReader::new(from);
    let mut before = VecDeque::new();
    while let Some(packet) = packet(&mut from).await {
        let command = (packet[3] == 0).then(|| packet.get(4).copied()).flatten();
        let sql = match command {
            Some(QUERY | PREPARE) if packet.len() < STATEMENT => String::from_utf8_lossy(&packet[5..]),
            _ => "".into(),
        };
        let step = Step::of(&sql);
        if let Some(step) = step
            && let Some(set) = shared.springs(step, Point::Before, &sql, &before)
            && stop(set, step, &sql).await == Verdict::Cut
        {
            return;
        }
        if command.is_some_and(|command| ![QUIT, LONG_DATA, CLOSE].contains(&command)) {
            let mut both = both.lock();
            both.commands += 1;
            if let Some(step) = step
                && both.hold.is_none()
                && let Some(set) = shared.springs(step, Point::After, &sql, &before)
            {
                both.hold = Some((both.commands, set, step, sql.clone().into_owned()));
            }
        }
        if !sql.is_empty() {
            before.truncate(LATELY - 1);
            before.push_front(sql.into_owned());
        }
        if to.write_all(&packet).await.is_err() {
            return;
        }
    }
}

async fn answers(from: OwnedReadHalf, mut to: OwnedWriteHalf, both: &Mutex<Both>) {
    let mut from = BufReader::new(from);
    let mut answered = 0;
    while let Some(packet) = packet(&mut from).await {
        // During the login the server's packets have even numbers.
        if packet[3] == 1 {
            answered += 1;
            let held = both.lock().hold.take_if(|(command, ..)| *command == answered);
            if let Some((_, set, step, sql)) = held
                && stop(set, step, &sql).await == Verdict::Cut
            {
                return;
            }
        }
        if to.write_all(&packet).await.is_err() {
            return;
        }
    }
}

/// The next packet with its head; `None` at the end.
async fn packet(from: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = [0; 4];
    from.read_exact(&mut head).await.ok()?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
    let mut packet = head.to_vec();
    packet.resize(4 + length, 0);
    from.read_exact(&mut packet[4..]).await.ok()?;
    Some(packet)
}
