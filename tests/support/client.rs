//! A MySQL client that hides nothing: every field of every answer, in text and in binary form.
//!
//! It is the tests' own and shares no code with Shardgate, so that a mistake in `wire` cannot agree with itself.
//! Protocol: MySQL source documentation, "Client/Server Protocol".

use std::fmt;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub use super::packets::Done;
use super::packets::{Bytes, binary_row, column, done, proof, refusal, text_row};

pub const CLIENT_FOUND_ROWS: u32 = 2;
pub const CLIENT_DEPRECATE_EOF: u32 = 0x0100_0000;
pub const CLIENT_SESSION_TRACK: u32 = 0x80_0000;
const CLIENT_CONNECT_WITH_DB: u32 = 8;
/// LONG_PASSWORD, LONG_FLAG, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, MULTI_STATEMENTS, MULTI_RESULTS,
/// PS_MULTI_RESULTS, PLUGIN_AUTH.
const CAPABILITIES: u32 = 1 | 4 | 0x200 | 0x2000 | 0x8000 | 0x1_0000 | 0x2_0000 | 0x4_0000 | 0x8_0000;
const MORE_RESULTS: u16 = 8;

/// Who logs in, and how.
#[derive(Debug, Clone)]
pub struct Login {
    pub port: u16,
    pub user: String,
    pub password: String,
    pub database: Option<String>,
    /// Added to the usual capabilities.
    pub capabilities: u32,
    /// The collation's id; 45 is `utf8mb4_general_ci`.
    pub collation: u8,
}

impl Login {
    /// Root without a password.
    pub fn root(port: u16) -> Self {
        Self {
            port,
            user: "root".into(),
            password: String::new(),
            database: None,
            capabilities: CLIENT_DEPRECATE_EOF,
            collation: 45,
        }
    }

    /// The user of the proxies under test.
    pub fn app(port: u16) -> Self {
        Self { user: "app".into(), password: "app".into(), ..Self::root(port) }
    }

    #[must_use]
    pub fn database(self, name: &str) -> Self {
        Self { database: Some(name.into()), ..self }
    }
}

/// An ERR packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub errno: u16,
    pub state: String,
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The server said so.
    Refused(Refusal),
    /// The connection broke, or bytes that are no packet came.
    Broken(String),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(r) => write!(f, "ERROR {} ({}): {}", r.errno, r.state, r.message),
            Self::Broken(why) => write!(f, "BROKEN: {why}"),
        }
    }
}

pub type Result<T> = std::result::Result<T, Failure>;

/// A column definition, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub schema: String,
    pub table: String,
    pub org_table: String,
    pub name: String,
    pub org_name: String,
    pub charset: u16,
    pub length: u32,
    pub kind: u8,
    pub flags: u16,
    pub decimals: u8,
}

/// One value of a row: bytes in text form, a type's own in binary form.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Cell {
    Null,
    Bytes(Vec<u8>),
    Int(i64),
    UInt(u64),
    Float(f32),
    Double(f64),
    /// Canonical text of a binary date, datetime or time.
    Moment(String),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bytes(bytes) => {
                write!(f, "'{}'", bytes.escape_ascii().to_string().chars().take(200).collect::<String>())
            }
            Self::Int(n) => write!(f, "{n}"),
            Self::UInt(n) => write!(f, "{n}u"),
            Self::Float(n) => write!(f, "{n}f"),
            Self::Double(n) => write!(f, "{n}d"),
            Self::Moment(text) => f.write_str(text),
        }
    }
}

/// One answer to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Done(Done),
    Rows { columns: Vec<Column>, rows: Vec<Vec<Cell>>, status: u16, warnings: u16 },
    Refused(Refusal),
}

impl Answer {
    fn status(&self) -> u16 {
        match self {
            Self::Done(done) => done.status,
            Self::Rows { status, .. } => *status,
            Self::Refused(_) => 0,
        }
    }

    /// How many warnings were left, as the answer counts them.
    pub fn warnings(&self) -> u16 {
        match self {
            Self::Done(done) => done.warnings,
            Self::Rows { warnings, .. } => *warnings,
            Self::Refused(_) => 0,
        }
    }

    /// The error number, 0 when it is no error.
    pub fn errno(&self) -> u16 {
        if let Self::Refused(refusal) = self { refusal.errno } else { 0 }
    }

    /// The rows of a result set.
    pub fn rows(&self) -> &[Vec<Cell>] {
        if let Self::Rows { rows, .. } = self { rows } else { panic!("no result set: {self}") }
    }

    /// The OK packet of a statement without a result set.
    pub fn done(&self) -> &Done {
        if let Self::Done(done) = self { done } else { panic!("no OK packet: {self}") }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(d) => write!(
                f,
                "OK affected={} last_id={} status={:#x} warnings={} info={:?}",
                d.affected, d.last_id, d.status, d.warnings, d.info
            ),
            Self::Refused(r) => write!(f, "ERROR {} ({}): {}", r.errno, r.state, r.message),
            Self::Rows { columns, rows, status, warnings } => {
                writeln!(f, "{} rows, status={status:#x} warnings={warnings}", rows.len())?;
                for c in columns {
                    writeln!(
                        f,
                        "    [{} type={} flags={:#x} charset={} length={} decimals={} of {}.{}({}).{}]",
                        c.name,
                        c.kind,
                        c.flags,
                        c.charset,
                        c.length,
                        c.decimals,
                        c.schema,
                        c.table,
                        c.org_table,
                        c.org_name
                    )?;
                }
                for row in rows.iter().take(40) {
                    let cells: Vec<_> = row.iter().map(Cell::to_string).collect();
                    writeln!(f, "    ({})", cells.join(", "))?;
                }
                if rows.len() > 40 { writeln!(f, "    … {} more", rows.len() - 40) } else { Ok(()) }
            }
        }
    }
}

/// A parameter of an EXECUTE.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    Null,
    Int(i64),
    UInt(u64),
    Double(f64),
    Decimal(String),
    Str(String),
    Blob(Vec<u8>),
    /// Year, month, day, hour, minute, second, microsecond.
    DateTime(u16, u8, u8, u8, u8, u8, u32),
    Date(u16, u8, u8),
    /// Negative, days, hours, minutes, seconds, microseconds.
    Time(bool, u32, u8, u8, u8, u32),
}

/// A prepared statement.
#[derive(Debug, Clone)]
pub struct Statement {
    pub id: u32,
    pub params: u16,
    pub columns: Vec<Column>,
    pub warnings: u16,
}

/// A connection.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    sequence: u8,
    capabilities: u32,
    /// The version that the greeting announces.
    pub version: String,
    pub connection_id: u32,
    /// The OK packet that ended the last login.
    pub entered: Done,
}

impl Client {
    pub async fn connect(login: &Login) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", login.port)).await?;
        stream.set_nodelay(true)?;
        let mut client = Self {
            stream: BufReader::new(stream),
            sequence: 0,
            capabilities: 0,
            version: String::new(),
            connection_id: 0,
            entered: Done::default(),
        };
        let greeting = client.read().await?;
        if greeting.first() == Some(&0xFF) {
            return Err(Failure::Refused(refusal(&greeting)));
        }
        let mut bytes = Bytes(&greeting[1..]);
        client.version = bytes.zero_ended();
        client.connection_id = bytes.number(4) as u32;
        let mut scramble = bytes.take(8).to_vec();
        bytes.take(1);
        let low = bytes.number(2) as u32;
        bytes.take(1 + 2);
        let offered = low | (bytes.number(2) as u32) << 16;
        bytes.take(1 + 10);
        scramble.extend(bytes.take(12));
        bytes.take(1);
        let plugin = bytes.zero_ended();
        let mut wanted = CAPABILITIES | login.capabilities;
        if login.database.is_some() {
            wanted |= CLIENT_CONNECT_WITH_DB;
        }
        client.capabilities = wanted & offered;
        let mut answer = client.capabilities.to_le_bytes().to_vec();
        answer.extend((64u32 << 20).to_le_bytes());
        answer.push(login.collation);
        answer.extend([0; 23]);
        answer.extend(login.user.as_bytes());
        answer.push(0);
        let proof = proof(&plugin, &login.password, &scramble);
        answer.push(proof.len() as u8);
        answer.extend(proof);
        if let Some(database) = &login.database {
            answer.extend(database.as_bytes());
            answer.push(0);
        }
        answer.extend(plugin.as_bytes());
        answer.push(0);
        client.write(&answer).await?;
        client.finish_login(&login.password).await?;
        Ok(client)
    }

    async fn finish_login(&mut self, password: &str) -> Result<()> {
        loop {
            let packet = self.read().await?;
            match packet.first() {
                Some(0) => {
                    self.entered = done(&packet);
                    return Ok(());
                }
                Some(0xFF) => return Err(Failure::Refused(refusal(&packet))),
                Some(1) if packet.get(1) == Some(&3) => {}
                Some(0xFE) => {
                    let mut bytes = Bytes(&packet[1..]);
                    let plugin = bytes.zero_ended();
                    let scramble = bytes.0.strip_suffix(&[0]).unwrap_or(bytes.0).to_vec();
                    self.write(&proof(&plugin, password, &scramble)).await?;
                }
                _ => return Err(Failure::Broken(format!("login: {}", packet.escape_ascii()))),
            }
        }
    }

    /// Runs a text statement and returns all its answers (several for multi statements and procedures).
    pub async fn query(&mut self, sql: &str) -> Result<Vec<Answer>> {
        self.command(3, sql.as_bytes()).await?;
        self.answers(false).await
    }

    /// Runs a text statement with one answer.
    pub async fn one(&mut self, sql: &str) -> Answer {
        match self.query(sql).await {
            Ok(mut answers) => answers.remove(0),
            Err(failure) => panic!("{sql}: {failure}"),
        }
    }

    pub async fn prepare(&mut self, sql: &str) -> Result<Statement> {
        self.command(0x16, sql.as_bytes()).await?;
        let packet = self.read().await?;
        if packet.first() == Some(&0xFF) {
            return Err(Failure::Refused(refusal(&packet)));
        }
        let mut bytes = Bytes(&packet[1..]);
        let id = bytes.number(4) as u32;
        let (columns, params) = (bytes.number(2) as u16, bytes.number(2) as u16);
        bytes.take(1);
        let warnings = bytes.number(2) as u16;
        self.columns(params).await?;
        let columns = self.columns(columns).await?;
        Ok(Statement { id, params, columns, warnings })
    }

    pub async fn execute(&mut self, statement: &Statement, params: &[Param]) -> Result<Vec<Answer>> {
        self.execute_long(statement, params, &[]).await
    }

    /// As [`Self::execute`]; the values of the parameters `long` have been sent before.
    pub async fn execute_long(
        &mut self,
        statement: &Statement,
        params: &[Param],
        long: &[usize],
    ) -> Result<Vec<Answer>> {
        assert_eq!(usize::from(statement.params), params.len(), "number of parameters");
        let mut packet = statement.id.to_le_bytes().to_vec();
        packet.push(0);
        packet.extend(1u32.to_le_bytes());
        if !params.is_empty() {
            let mut nulls = vec![0u8; params.len().div_ceil(8)];
            for (place, param) in params.iter().enumerate() {
                nulls[place / 8] |= u8::from(*param == Param::Null) << (place % 8);
            }
            packet.extend(nulls);
            packet.push(1);
            packet.extend(params.iter().flat_map(Param::kind));
            for (_, param) in params.iter().enumerate().filter(|(place, _)| !long.contains(place)) {
                param.put(&mut packet);
            }
        }
        self.command(0x17, &packet).await?;
        self.answers(true).await
    }

    /// Sends a part of a long parameter; there is no answer.
    pub async fn send_long_data(&mut self, statement: &Statement, param: u16, data: &[u8]) -> Result<()> {
        let mut packet = statement.id.to_le_bytes().to_vec();
        packet.extend(param.to_le_bytes());
        packet.extend(data);
        self.command(0x18, &packet).await
    }

    /// Closes a statement; there is no answer.
    pub async fn close(&mut self, statement: &Statement) -> Result<()> {
        self.command(0x19, &statement.id.to_le_bytes()).await
    }

    /// Sends any command and reads one OK or ERR packet.
    pub async fn simple(&mut self, command: u8, payload: &[u8]) -> Result<Answer> {
        self.command(command, payload).await?;
        let packet = self.read().await?;
        Ok(match packet.first() {
            Some(0xFF) => Answer::Refused(refusal(&packet)),
            _ => Answer::Done(done(&packet)),
        })
    }

    pub async fn ping(&mut self) -> Result<Answer> {
        self.simple(0x0E, &[]).await
    }

    pub async fn use_database(&mut self, name: &str) -> Result<Answer> {
        self.simple(2, name.as_bytes()).await
    }

    /// Becomes another user; the server asks for a new proof.
    pub async fn change_user(&mut self, user: &str, password: &str, database: &str) -> Result<()> {
        let mut packet = user.as_bytes().to_vec();
        packet.extend([0, 0]);
        packet.extend(database.as_bytes());
        packet.extend([0, 45, 0]);
        packet.extend(b"mysql_native_password\0");
        self.command(0x11, &packet).await?;
        self.finish_login(password).await
    }

    /// Resets a statement.
    pub async fn reset(&mut self, statement: &Statement) -> Result<Answer> {
        self.simple(0x1A, &statement.id.to_le_bytes()).await
    }

    /// Sends a statement and reads nothing.
    pub async fn send(&mut self, sql: &str) -> Result<()> {
        self.command(3, sql.as_bytes()).await
    }

    /// The next packet to read has this number.
    pub fn expect_sequence(&mut self, next: u8) {
        self.sequence = next;
    }

    /// Reads the answers to what was sent.
    pub async fn receive(&mut self) -> Result<Vec<Answer>> {
        self.answers(false).await
    }

    /// Reads a text result set and forgets its rows: how many there were, and their bytes.
    pub async fn drain(&mut self) -> Result<(u64, u64)> {
        let first = self.read().await?;
        if first.first() == Some(&0xFF) {
            return Err(Failure::Refused(refusal(&first)));
        }
        self.columns(Bytes(&first).length() as u16).await?;
        let (mut rows, mut bytes) = (0, 0);
        loop {
            let packet = self.read().await?;
            match packet.first() {
                Some(0xFF) => return Err(Failure::Refused(refusal(&packet))),
                Some(0xFE) if packet.len() < 0xFF_FFFF => return Ok((rows, bytes)),
                _ => (rows, bytes) = (rows + 1, bytes + packet.len() as u64),
            }
        }
    }

    /// Sends bytes as they are.
    pub async fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(bytes).await?;
        Ok(())
    }

    /// Whether the server has closed; reads and forgets what comes before.
    pub async fn at_end(&mut self) -> bool {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.is_ok() || rest.is_empty()
    }

    /// Leaves as a crash does: the peer gets a reset.
    pub fn abort(self) {
        self.stream.get_ref().set_zero_linger().unwrap();
    }

    /// Starts a command: a new sequence.
    pub async fn command(&mut self, command: u8, payload: &[u8]) -> Result<()> {
        self.sequence = 0;
        let mut packet = Vec::with_capacity(payload.len() + 1);
        packet.push(command);
        packet.extend(payload);
        self.write(&packet).await
    }

    async fn answers(&mut self, binary: bool) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        loop {
            let packet = self.read().await?;
            let answer = match packet.first() {
                Some(0) => Answer::Done(done(&packet)),
                Some(0xFF) => Answer::Refused(refusal(&packet)),
                Some(0xFB) | None => return Err(Failure::Broken("no answer to LOAD DATA LOCAL here".into())),
                Some(_) => self.rows(Bytes(&packet).length() as u16, binary).await?,
            };
            let more = answer.status() & MORE_RESULTS != 0;
            answers.push(answer);
            if !more {
                return Ok(answers);
            }
        }
    }

    async fn rows(&mut self, count: u16, binary: bool) -> Result<Answer> {
        let columns = self.columns(count).await?;
        let mut rows = Vec::new();
        loop {
            let packet = self.read().await?;
            match packet.first() {
                Some(0xFF) => return Ok(Answer::Refused(refusal(&packet))),
                Some(0xFE) if self.deprecate_eof() && packet.len() < 0xFF_FFFF => {
                    let Done { status, warnings, .. } = done(&packet);
                    return Ok(Answer::Rows { columns, rows, status, warnings });
                }
                Some(0xFE) if packet.len() < 9 => {
                    let mut bytes = Bytes(&packet[1..]);
                    let (warnings, status) = (bytes.number(2) as u16, bytes.number(2) as u16);
                    return Ok(Answer::Rows { columns, rows, status, warnings });
                }
                _ if binary => rows.push(binary_row(&packet, &columns)),
                _ => rows.push(text_row(&packet, columns.len())),
            }
        }
    }

    async fn columns(&mut self, count: u16) -> Result<Vec<Column>> {
        let mut columns = Vec::new();
        for _ in 0..count {
            let packet = self.read().await?;
            columns.push(column(&packet));
        }
        if count > 0 && !self.deprecate_eof() {
            let packet = self.read().await?;
            if packet.first() != Some(&0xFE) {
                return Err(Failure::Broken(format!("no EOF after columns: {}", packet.escape_ascii())));
            }
        }
        Ok(columns)
    }

    fn deprecate_eof(&self) -> bool {
        self.capabilities & CLIENT_DEPRECATE_EOF != 0
    }

    /// Reads one packet, joined from its 16 MiB parts, and checks the sequence.
    pub async fn read(&mut self) -> Result<Vec<u8>> {
        let mut packet = Vec::new();
        loop {
            let mut head = [0; 4];
            self.stream.read_exact(&mut head).await?;
            if head[3] != self.sequence {
                return Err(Failure::Broken(format!("sequence {} instead of {}", head[3], self.sequence)));
            }
            self.sequence = self.sequence.wrapping_add(1);
            let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
            let start = packet.len();
            packet.resize(start + length, 0);
            self.stream.read_exact(&mut packet[start..]).await?;
            if length < 0xFF_FFFF {
                return Ok(packet);
            }
        }
    }

    /// Writes one packet, split into 16 MiB parts.
    pub async fn write(&mut self, packet: &[u8]) -> Result<()> {
        let mut out = Vec::with_capacity(packet.len() + 8);
        let mut rest = packet;
        loop {
            let (part, after) = rest.split_at(rest.len().min(0xFF_FFFF));
            out.extend(&(part.len() as u32).to_le_bytes()[..3]);
            out.push(self.sequence);
            self.sequence = self.sequence.wrapping_add(1);
            out.extend(part);
            rest = after;
            if part.len() < 0xFF_FFFF {
                break;
            }
        }
        self.stream.get_mut().write_all(&out).await?;
        Ok(())
    }
}
