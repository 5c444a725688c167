//! One raw connection to a server: commands out, packets or plain bytes back. Rows are never decoded here.
//!
//! A connection remembers which schema and session variables the server has for it, and which statements are
//! prepared on it, so that only differences are sent.

mod prepare;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::{Answer, AnswerLimit, Summary};
use super::settings::{OPENING_COLLATION, Settings};
use crate::base::{Code, Error, Fate, Origin, Result};
use crate::topology::Endpoint;
use crate::wire::client::{self, Login, ServerInfo};
use crate::wire::column::ColumnDef;
use crate::wire::command::byte;
use crate::wire::packet;
use crate::wire::row::{Format, Row};
use crate::wire::stream::{HEADER, PacketStream};
use crate::wire::{capability, primitives, status};

/// How long a server that has closed may take to tell why.
const LAST_WORD: Duration = Duration::from_secs(1);

/// What a client's own connection to a server would have negotiated, as far as it changes the server's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flavor {
    /// CLIENT_FOUND_ROWS: affected rows count matched ones.
    pub found_rows: bool,
    /// CLIENT_DEPRECATE_EOF: result sets end with an OK packet.
    pub deprecate_eof: bool,
}

impl Flavor {
    /// How many flavors there are.
    pub const COUNT: usize = 4;

    /// Its number, below [`Flavor::COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.found_rows) + 2 * usize::from(self.deprecate_eof)
    }

    /// The flavor of a client with these capabilities.
    pub fn of(capabilities: u32) -> Self {
        Self {
            found_rows: capabilities & capability::FOUND_ROWS != 0,
            deprecate_eof: capabilities & capability::DEPRECATE_EOF != 0,
        }
    }

    fn capabilities(self) -> u32 {
        let mut bits = capability::REQUIRED
            | capability::MULTI_RESULTS
            | capability::PS_MULTI_RESULTS
            | capability::LOCAL_FILES;
        if self.found_rows {
            bits |= capability::FOUND_ROWS;
        }
        if self.deprecate_eof {
            bits |= capability::DEPRECATE_EOF;
        }
        bits
    }
}

/// A statement that is prepared on a connection.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The server's id of it.
    pub id: u32,
    /// Definitions of its parameters, as received.
    pub params: Vec<Bytes>,
    /// Definitions of its columns, as received.
    pub columns: Vec<Bytes>,
    /// Warnings of the preparation.
    pub warnings: u16,
}

#[derive(Debug)]
struct Entry {
    prepared: Arc<Prepared>,
    used: u64,
}

/// What a prepared statement depends on: the schema and the settings that it was prepared under, the types of its
/// parameters, and its text.
///
/// MySQL derives the types of comparisons from the first execution's parameters and keeps to them, so executions with
/// other types need a statement of their own. (MySQL manual, "PREPARE Statement": derived parameter types.)
type StatementKey = (Option<Arc<str>>, u64, u64, Bytes);

/// One connection to a server.
#[derive(Debug)]
pub struct Conn {
    stream: PacketStream<TcpStream>,
    info: ServerInfo,
    name: Arc<str>,
    flavor: Flavor,
    schema: Option<Arc<str>>,
    /// The count of dropped schemas as of which `schema` is true.
    schemas: u64,
    settings: Settings,
    /// Answers of state commands that are still to be read.
    pending: usize,
    /// Sequence number of the first packet of the next answer.
    reply_sequence: u8,
    statements: HashMap<StatementKey, Entry, foldhash::fast::RandomState>,
    clock: u64,
    /// The second of the pool's clock when it was opened.
    pub(super) born: u32,
    /// A command was sent whose answer has not been read to its end.
    busy: bool,
    broken: bool,
    littered: bool,
    /// How long its server may take over a statement of the proxy's own.
    patience: Duration,
}

impl Conn {
    /// Connects and logs in. Errors name the source; they come within `limit`, as do answers to [`query`](Self::query) until
    /// [`answers_within`](Self::answers_within) says otherwise.
    pub async fn open(name: Arc<str>, endpoint: &Endpoint, flavor: Flavor, limit: Duration) -> Result<Self> {
        let opening = Self::handshake(endpoint, flavor);
        let what = match timeout(limit, opening).await {
            Ok(Ok((stream, info))) => {
                return Ok(Self {
                    stream,
                    info,
                    name,
                    flavor,
                    schema: None,
                    schemas: 0,
                    settings: Settings::default(),
                    pending: 0,
                    reply_sequence: 1,
                    statements: HashMap::default(),
                    clock: 0,
                    born: 0,
                    busy: false,
                    broken: false,
                    littered: false,
                    patience: limit,
                });
            }
            Ok(Err(error)) => error.message,
            Err(_) => format!("no answer within {} ms", limit.as_millis()),
        };
        let Endpoint { host, port, .. } = endpoint;
        Err(Error::new(
            Code::SourceDown,
            format!("source \"{name}\" at {host}:{port} cannot be reached: {what}"),
        ))
    }

    async fn handshake(endpoint: &Endpoint, flavor: Flavor) -> Result<(PacketStream<TcpStream>, ServerInfo)> {
        let socket = TcpStream::connect((endpoint.host.as_str(), endpoint.port))
            .await
            .map_err(|e| Error::new(Code::SourceDown, e.to_string()))?;
        let tune = || -> std::io::Result<()> {
            socket.set_nodelay(true)?;
            let alive = socket2::TcpKeepalive::new()
                .with_time(Duration::from_secs(30))
                .with_interval(Duration::from_secs(10));
            socket2::SockRef::from(&socket).set_tcp_keepalive(&alive)
        };
        tune().map_err(|e| Error::new(Code::SourceDown, e.to_string()))?;
        let login = Login {
            user: endpoint.user.clone(),
            password: endpoint.password.clone(),
            database: None,
            charset: OPENING_COLLATION,
            capabilities: flavor.capabilities(),
            attrs: vec![("program_name".to_owned(), "shardgate".to_owned())],
            secure: false,
        };
        client::connect(socket, &login).await
    }

    /// How long its server may take over a statement of the proxy's own; the connection is lost then.
    pub fn answers_within(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The source's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the server said of itself.
    pub fn info(&self) -> &ServerInfo {
        &self.info
    }

    /// How it was negotiated.
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    /// Sequence number of the first packet of the next answer.
    pub fn reply_sequence(&self) -> u8 {
        self.reply_sequence
    }

    /// The packet stream, for relaying.
    pub fn stream(&mut self) -> &mut PacketStream<TcpStream> {
        &mut self.stream
    }

    /// Marks the connection as unusable: the pool closes it.
    pub fn give_up(&mut self) {
        self.broken = true;
    }

    /// Whether something is on it (temporary tables) that no other session must find: the pool closes it then.
    pub fn litter(&mut self, littered: bool) {
        self.littered = littered;
    }

    /// The answer of the last command has been read to its end.
    pub fn finished(&mut self) {
        self.busy = false;
    }

    /// Whether it is lost or given up.
    pub fn is_lost(&self) -> bool {
        self.broken || self.stream.at_eof()
    }

    /// Whether it is unusable: lost, given up, or in the middle of an answer.
    pub fn is_broken(&self) -> bool {
        self.busy || self.is_lost()
    }

    /// Whether nothing is under way: only then may another session have it.
    pub fn is_clean(&self) -> bool {
        !self.is_broken() && !self.littered && self.pending == 0 && self.stream.queued() == 0
    }

    /// Asks whether the server is still there.
    pub async fn ping(&mut self) -> Result<()> {
        self.queue_command(byte::PING, &[]);
        self.settle().await?;
        self.answer(0).await.map(|_| ())
    }

    /// Whether the server has closed it while it lay idle, or has sent something nobody asked for.
    pub fn is_stale(&self) -> bool {
        let mut byte = [0u8; 1];
        !matches!(self.stream.io().try_read(&mut byte), Err(e) if e.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Gives spare memory back.
    pub fn rest(&mut self) {
        self.stream.rest();
    }

    /// Moves it to the reactor of the thread that calls.
    pub fn move_here(self) -> std::io::Result<Self> {
        Ok(Self { stream: self.stream.move_here()?, ..self })
    }

    /// Says goodbye, as far as that needs no waiting, so that the server does not count the connection as aborted.
    pub fn quit(self) {
        const QUIT: [u8; HEADER + 1] = [1, 0, 0, 0, byte::QUIT];
        if let Err(error) = self.stream.io().try_write(&QUIT) {
            tracing::debug!(source = &*self.name, "no goodbye: {error}");
        }
    }

    // ---- commands out -------------------------------------------------------------------------------------------

    /// Schemas have been dropped so many times: the server has none selected for a connection whose schema went, even if
    /// one of the same name was created since.
    pub fn schemas_as_of(&mut self, count: u64) {
        if self.schemas != count {
            self.schemas = count;
            self.schema = None;
        }
    }

    /// Queues what brings the server's session to this schema and these variables: nothing if it is there already.
    pub fn queue_state(&mut self, schema: Option<&Arc<str>>, settings: &Settings) {
        if let Some(sql) = self.settings.difference(settings) {
            self.queue_aside(byte::QUERY, sql.as_bytes());
            self.settings = settings.clone();
            self.pending += 1;
        }
        if let Some(schema) = schema
            && self.schema.as_ref() != Some(schema)
        {
            self.queue_aside(byte::INIT_DB, schema.as_bytes());
            self.schema = Some(Arc::clone(schema));
            self.pending += 1;
        }
    }

    /// Whether state commands are queued whose answers are not read yet.
    pub fn has_pending(&self) -> bool {
        self.pending > 0
    }

    /// What the server's session has is known by another way than [`queue_state`](Self::queue_state).
    pub fn assume(&mut self, settings: &Settings) {
        self.settings = settings.clone();
    }

    /// Queues a statement that answers OK, ahead of the next one in the same write.
    pub fn queue_before(&mut self, sql: &str) {
        self.queue_aside(byte::QUERY, sql.as_bytes());
        self.pending += 1;
    }

    /// Queues one command.
    pub fn queue_command(&mut self, command: u8, body: &[u8]) {
        self.queue_with(|out| {
            out.push(command);
            out.extend_from_slice(body);
        });
    }

    /// Queues a command that has no answer of its own: a state command's is counted in `pending`.
    fn queue_aside(&mut self, command: u8, body: &[u8]) {
        let busy = self.busy;
        self.queue_command(command, body);
        self.busy = busy;
    }

    /// Queues one command whose whole payload, command byte included, `fill` appends.
    pub fn queue_with(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        self.busy = true;
        self.stream.reset_sequence(0);
        self.stream.queue_with(fill);
        self.reply_sequence = self.stream.sequence();
    }

    /// Queues a statement.
    pub fn queue_query(&mut self, sql: &[u8]) {
        self.queue_command(byte::QUERY, sql);
    }

    /// Writes what is queued, and reads the answers of the state commands. After this the next packet is the first
    /// of the last command's answer. An error leaves the connection unusable.
    pub async fn settle(&mut self) -> Result<()> {
        self.settle_if(true).await
    }

    async fn settle_if(&mut self, strict: bool) -> Result<()> {
        let sent = self.stream.flush().await;
        if sent.is_err()
            && let Ok(Ok(Some(packet))) = timeout(LAST_WORD, self.stream.read_packet()).await
            && let Some(error) = packet::decode_err(&packet).filter(too_large)
        {
            self.broken = true;
            return Err(error);
        }
        self.checked(sent)?;
        while self.pending > 0 {
            self.stream.reset_sequence(1);
            let packet = self.packet().await?;
            self.pending -= 1;
            if strict && packet.first() == Some(&0xFF) {
                self.broken = true;
                return Err(packet::decode_err(&packet).unwrap_or_else(|| self.malformed()));
            }
        }
        self.stream.reset_sequence(self.reply_sequence);
        Ok(())
    }

    /// Runs two statements that answer OK, in one write; the second is also right where the first fails.
    pub async fn query_anyway(&mut self, before: &str, sql: &str) -> Result<Summary> {
        let patience = self.patience;
        let asking = async {
            self.queue_before(before);
            self.queue_query(sql.as_bytes());
            self.settle_if(false).await?;
            Ok(self.answer(0).await?.ok)
        };
        let answered = timeout(patience, asking).await;
        answered.unwrap_or_else(|_| Err(self.deaf()))
    }

    /// Runs two statements that answer OK, in one write; where the first fails, the connection is unusable.
    pub async fn query_both(&mut self, before: &str, sql: &str) -> Result<Summary> {
        let patience = self.patience;
        let asking = async {
            self.queue_before(before);
            self.queue_query(sql.as_bytes());
            self.settle().await?;
            Ok(self.answer(0).await?.ok)
        };
        let answered = timeout(patience, asking).await;
        answered.unwrap_or_else(|_| Err(self.deaf()))
    }

    // ---- packets back -------------------------------------------------------------------------------------------

    /// The next packet of the answer.
    pub async fn packet(&mut self) -> Result<Bytes> {
        let packet = self.stream.read_packet().await;
        match self.checked(packet)? {
            Some(packet) => Ok(packet),
            None => Err(self.lost("it closed the connection")),
        }
    }

    /// Reads once; an error when the server has closed.
    pub async fn fill(&mut self) -> Result<()> {
        poll_fn(|cx| self.poll_fill(cx)).await
    }

    /// The same as a poll.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let got = ready!(self.stream.poll_fill(cx));
        Poll::Ready(match self.checked(got)? {
            0 => Err(self.lost("it closed the connection")),
            _ => Ok(()),
        })
    }

    fn checked<T>(&mut self, result: Result<T>) -> Result<T> {
        result.map_err(|error| match error.fate {
            Fate::Close => self.lost(&error.message),
            Fate::Keep => error,
        })
    }

    fn lost(&mut self, why: &str) -> Error {
        self.broken = true;
        Error::new(Code::SourceLost, format!("the connection to source \"{}\" was lost: {why}", self.name))
    }

    /// The error for an answer that does not decode; the connection becomes unusable.
    pub fn malformed(&mut self) -> Error {
        self.broken = true;
        Error::new(Code::SourceLost, format!("source \"{}\" sent an answer that cannot be read", self.name))
    }

    fn deaf(&mut self) -> Error {
        let within = self.patience.as_millis();
        self.lost(&format!("no answer within {within} ms"))
    }

    /// Runs a statement of the proxy's own and reads its whole answer, at most `limit` rows (more is error 1038). A server
    /// that does not answer in time ([`answers_within`](Self::answers_within)) is lost.
    pub async fn query(&mut self, sql: &str, limit: usize) -> Result<Answer> {
        let answered = timeout(self.patience, self.query_at_length(sql, limit)).await;
        answered.unwrap_or_else(|_| Err(self.deaf()))
    }

    /// The same for what takes as long as it takes: work on all of a table.
    pub async fn query_at_length(&mut self, sql: &str, limit: usize) -> Result<Answer> {
        self.queue_query(sql.as_bytes());
        self.settle().await?;
        self.answer(limit).await
    }

    /// Reads the whole answer of the last command, at most `limit` rows.
    pub async fn answer(&mut self, limit: usize) -> Result<Answer> {
        self.answer_in(Format::Text, AnswerLimit::of_rows(limit)).await
    }

    /// The same for rows in one of the protocol's two forms. An answer that does not fit is read to its end, and is
    /// error 1038.
    pub async fn answer_in(&mut self, format: Format, limit: AnswerLimit) -> Result<Answer> {
        let answer = self.read_answer(format, limit).await;
        self.broken |= answer.as_ref().is_err_and(too_large);
        if !self.broken
            && answer.as_ref().map_or_else(|e| e.origin == Origin::Backend || e.is(Code::Memory), |_| true)
        {
            self.finished();
        }
        answer
    }

    async fn read_answer(&mut self, format: Format, limit: AnswerLimit) -> Result<Answer> {
        let first = self.packet().await?;
        match first.first() {
            Some(0xFF) => return Err(packet::decode_err(&first).unwrap_or_else(|| self.malformed())),
            Some(0x00) => {
                let ok = packet::decode_ok(&first).map(Summary::from).ok_or_else(|| self.malformed())?;
                return Ok(Answer { ok, ..Answer::default() });
            }
            _ => {}
        }
        let count = primitives::lenenc_int(&mut &first[..]).ok_or_else(|| self.malformed())?;
        let mut columns = Vec::new();
        for _ in 0..count {
            let packet = self.packet().await?;
            columns.push(ColumnDef::decode(&packet).ok_or_else(|| self.malformed())?);
        }
        if !self.flavor.deprecate_eof {
            self.packet().await?;
        }
        let mut rows = Vec::new();
        let (mut bytes, mut fits) = (0usize, true);
        loop {
            let packet = self.packet().await?;
            match packet.first() {
                Some(0xFF) => return Err(packet::decode_err(&packet).unwrap_or_else(|| self.malformed())),
                Some(0xFE) if packet.len() < 0xFF_FFFF => {
                    let ok =
                        packet::decode_end(&packet).map(Summary::from).ok_or_else(|| self.malformed())?;
                    if fits {
                        return Ok(Answer { columns, rows, ok });
                    }
                    return Err(Error::new(
                        Code::Memory,
                        format!(
                            "more than {} rows or {} bytes where fewer were expected",
                            limit.rows, limit.bytes
                        ),
                    ));
                }
                _ => {}
            }
            bytes = bytes.saturating_add(packet.len());
            if !fits || rows.len() >= limit.rows || bytes > limit.bytes {
                (fits, rows) = (false, Vec::new());
                continue;
            }
            let row = Row::parse(packet, format, &columns).ok_or_else(|| self.malformed())?;
            rows.push((0..row.len()).map(|i| row.cell_bytes(i)).collect());
        }
    }

    // ---- prepared statements ------------------------------------------------------------------------------------

    fn statement_key(&self, types: u64, text: &Bytes) -> StatementKey {
        (self.schema.clone(), self.settings.stamp(), types, text.clone())
    }

    /// Whether a status word says that a transaction is open.
    pub fn in_transaction(status: u16) -> bool {
        status & status::IN_TRANS != 0
    }
}

/// A packet above the server's max_allowed_packet: it closes the connection.
fn too_large(error: &Error) -> bool {
    error.errno == Code::PacketTooLarge.errno()
}
