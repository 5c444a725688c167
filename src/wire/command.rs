//! What a client asks: the commands of the protocol, decoded without copying, and encoded (MySQL source docs, "Command
//! Phase"). Valid for connections without query attributes.

use super::primitives::{array, nul_str};
use super::stream::PacketStream;
use crate::base::{Code, Error, Origin, Result};

/// Command bytes.
pub mod byte {
    #![allow(missing_docs, reason = "the names are the protocol's own")]
    pub const QUIT: u8 = 0x01;
    pub const INIT_DB: u8 = 0x02;
    pub const QUERY: u8 = 0x03;
    pub const FIELD_LIST: u8 = 0x04;
    pub const STATISTICS: u8 = 0x09;
    pub const PROCESS_INFO: u8 = 0x0A;
    pub const PROCESS_KILL: u8 = 0x0C;
    pub const DEBUG: u8 = 0x0D;
    pub const PING: u8 = 0x0E;
    pub const CHANGE_USER: u8 = 0x11;
    pub const STMT_PREPARE: u8 = 0x16;
    pub const STMT_EXECUTE: u8 = 0x17;
    pub const STMT_SEND_LONG_DATA: u8 = 0x18;
    pub const STMT_CLOSE: u8 = 0x19;
    pub const STMT_RESET: u8 = 0x1A;
    pub const SET_OPTION: u8 = 0x1B;
    pub const STMT_FETCH: u8 = 0x1C;
    pub const RESET_CONNECTION: u8 = 0x1F;
}

/// One command. Texts are bytes in the connection's character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// The client leaves; no answer.
    Quit,
    /// Select a database.
    InitDb(&'a [u8]),
    /// A statement, or several.
    Query(&'a [u8]),
    /// Column definitions of a table.
    FieldList {
        /// The table's name.
        table: &'a [u8],
        /// A LIKE pattern for columns; empty for all.
        wildcard: &'a [u8],
    },
    /// A line of text about the server.
    Statistics,
    /// SHOW PROCESSLIST of old.
    ProcessInfo,
    /// KILL of old.
    Kill(u32),
    /// The server writes debug information to its log.
    Debug,
    /// Is somebody there?
    Ping,
    /// Another user: body for [`ChangeUser::decode`](super::handshake::ChangeUser::decode).
    ChangeUser(&'a [u8]),
    /// Prepare a statement.
    Prepare(&'a [u8]),
    /// Execute a prepared statement.
    Execute(Execute<'a>),
    /// A part of a parameter's value; no answer.
    SendLongData {
        /// Statement id.
        id: u32,
        /// Number of the parameter, from 0.
        param: u16,
        /// To be appended to what came before.
        data: &'a [u8],
    },
    /// Forget a prepared statement; no answer.
    StmtClose(u32),
    /// Drop long data and cursor of a prepared statement.
    StmtReset(u32),
    /// Multi-statements on (0) or off (1).
    SetOption(u16),
    /// Rows of a cursor.
    StmtFetch {
        /// Statement id.
        id: u32,
        /// How many rows at most.
        rows: u32,
    },
    /// The session as after login.
    ResetConnection,
    /// A command that Shardgate does not know.
    Unknown(u8),
}

/// COM_STMT_EXECUTE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execute<'a> {
    /// Statement id.
    pub id: u32,
    /// Cursor type: 0 for none, 1 read-only.
    pub flags: u8,
    /// Null bitmap, types and values: for [`Params::decode`](super::execute::Params::decode).
    pub body: &'a [u8],
}

impl<'a> Command<'a> {
    /// Reads a command's payload. Unknown commands are no error here; a known one with too few bytes is 1835, after
    /// which the connection goes on (the packet's borders are known).
    pub fn decode(payload: &'a [u8]) -> Result<Command<'a>> {
        Self::parse(payload).ok_or_else(|| Error {
            origin: Origin::Client,
            ..Error::new(Code::MalformedPacket, "Malformed communication packet")
        })
    }

    fn parse(payload: &'a [u8]) -> Option<Command<'a>> {
        let (&command, mut rest) = payload.split_first()?;
        let rest = &mut rest;
        Some(match command {
            byte::QUIT => Command::Quit,
            byte::INIT_DB => Command::InitDb(rest),
            byte::QUERY => Command::Query(rest),
            byte::FIELD_LIST => Command::FieldList { table: nul_str(rest)?, wildcard: rest },
            byte::STATISTICS => Command::Statistics,
            byte::PROCESS_INFO => Command::ProcessInfo,
            byte::PROCESS_KILL => Command::Kill(u32::from_le_bytes(array(rest)?)),
            byte::DEBUG => Command::Debug,
            byte::PING => Command::Ping,
            byte::CHANGE_USER => Command::ChangeUser(rest),
            byte::STMT_PREPARE => Command::Prepare(rest),
            byte::STMT_EXECUTE => {
                let (id, [flags, ..]) = (u32::from_le_bytes(array(rest)?), array::<5>(rest)?);
                Command::Execute(Execute { id, flags, body: rest })
            }
            byte::STMT_SEND_LONG_DATA => Command::SendLongData {
                id: u32::from_le_bytes(array(rest)?),
                param: u16::from_le_bytes(array(rest)?),
                data: rest,
            },
            byte::STMT_CLOSE => Command::StmtClose(u32::from_le_bytes(array(rest)?)),
            byte::STMT_RESET => Command::StmtReset(u32::from_le_bytes(array(rest)?)),
            byte::SET_OPTION => Command::SetOption(u16::from_le_bytes(array(rest)?)),
            byte::STMT_FETCH => Command::StmtFetch {
                id: u32::from_le_bytes(array(rest)?),
                rows: u32::from_le_bytes(array(rest)?),
            },
            byte::RESET_CONNECTION => Command::ResetConnection,
            other => Command::Unknown(other),
        })
    }

    /// Appends the command's payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.byte());
        match *self {
            Command::InitDb(rest)
            | Command::Query(rest)
            | Command::ChangeUser(rest)
            | Command::Prepare(rest) => {
                out.extend_from_slice(rest);
            }
            Command::FieldList { table, wildcard } => {
                out.extend_from_slice(table);
                out.push(0);
                out.extend_from_slice(wildcard);
            }
            Command::Kill(id) | Command::StmtClose(id) | Command::StmtReset(id) => {
                out.extend_from_slice(&id.to_le_bytes());
            }
            Command::Execute(Execute { id, flags, body }) => {
                put_execute_head(out, id, flags);
                out.extend_from_slice(body);
            }
            Command::SendLongData { id, param, data } => {
                out.extend_from_slice(&id.to_le_bytes());
                out.extend_from_slice(&param.to_le_bytes());
                out.extend_from_slice(data);
            }
            Command::SetOption(option) => out.extend_from_slice(&option.to_le_bytes()),
            Command::StmtFetch { id, rows } => {
                out.extend_from_slice(&id.to_le_bytes());
                out.extend_from_slice(&rows.to_le_bytes());
            }
            _ => {}
        }
    }

    /// The command byte.
    pub fn byte(&self) -> u8 {
        match *self {
            Command::Quit => byte::QUIT,
            Command::InitDb(_) => byte::INIT_DB,
            Command::Query(_) => byte::QUERY,
            Command::FieldList { .. } => byte::FIELD_LIST,
            Command::Statistics => byte::STATISTICS,
            Command::ProcessInfo => byte::PROCESS_INFO,
            Command::Kill(_) => byte::PROCESS_KILL,
            Command::Debug => byte::DEBUG,
            Command::Ping => byte::PING,
            Command::ChangeUser(_) => byte::CHANGE_USER,
            Command::Prepare(_) => byte::STMT_PREPARE,
            Command::Execute(_) => byte::STMT_EXECUTE,
            Command::SendLongData { .. } => byte::STMT_SEND_LONG_DATA,
            Command::StmtClose(_) => byte::STMT_CLOSE,
            Command::StmtReset(_) => byte::STMT_RESET,
            Command::SetOption(_) => byte::SET_OPTION,
            Command::StmtFetch { .. } => byte::STMT_FETCH,
            Command::ResetConnection => byte::RESET_CONNECTION,
            Command::Unknown(other) => other,
        }
    }

    /// Whether the protocol has no answer to this command.
    pub fn is_silent(&self) -> bool {
        matches!(self, Command::Quit | Command::SendLongData { .. } | Command::StmtClose(_))
    }
}

/// Appends what stands between EXECUTE's command byte and its body: id, flags, and the iteration count of 1.
pub(super) fn put_execute_head(out: &mut Vec<u8>, id: u32, flags: u8) {
    out.extend_from_slice(&id.to_le_bytes());
    out.push(flags);
    out.extend_from_slice(&1u32.to_le_bytes());
}

impl<S> PacketStream<S> {
    /// Queues a command to a server: one packet that begins with sequence number 0. Several may be queued and written
    /// together; each one's response begins with number 1 again.
    pub fn queue_command(&mut self, command: &Command<'_>) {
        self.reset_sequence(0);
        self.queue_with(|out| command.encode(out));
    }

    /// Queues a text query.
    pub fn queue_query(&mut self, sql: &[u8]) {
        self.queue_command(&Command::Query(sql));
    }

    /// Queues the selection of a database.
    pub fn queue_init_db(&mut self, database: &[u8]) {
        self.queue_command(&Command::InitDb(database));
    }

    /// Queues PREPARE.
    pub fn queue_prepare(&mut self, sql: &[u8]) {
        self.queue_command(&Command::Prepare(sql));
    }

    /// Queues the forgetting of a prepared statement; there is no answer.
    pub fn queue_stmt_close(&mut self, id: u32) {
        self.queue_command(&Command::StmtClose(id));
    }

    /// Queues the reset of the session.
    pub fn queue_reset_connection(&mut self) {
        self.queue_command(&Command::ResetConnection);
    }

    /// Queues a ping.
    pub fn queue_ping(&mut self) {
        self.queue_command(&Command::Ping);
    }

    /// Queues the farewell; there is no answer.
    pub fn queue_quit(&mut self) {
        self.queue_command(&Command::Quit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_come_back() {
        let execute = Execute { id: 7, flags: 1, body: b"\x00\x01" };
        let all = [
            Command::Quit,
            Command::InitDb(b"shop"),
            Command::Query(b"SELECT 1"),
            Command::FieldList { table: b"t", wildcard: b"a%" },
            Command::Statistics,
            Command::ProcessInfo,
            Command::Kill(5),
            Command::Debug,
            Command::Ping,
            Command::ChangeUser(b"app\0"),
            Command::Prepare(b"SELECT ?"),
            Command::Execute(execute),
            Command::SendLongData { id: 7, param: 2, data: b"long" },
            Command::StmtClose(7),
            Command::StmtReset(7),
            Command::SetOption(1),
            Command::StmtFetch { id: 7, rows: 100 },
            Command::ResetConnection,
            Command::Unknown(0x50),
        ];
        for command in all {
            let mut out = Vec::new();
            command.encode(&mut out);
            assert_eq!(Command::decode(&out).unwrap(), command);
        }
    }

    #[test]
    fn short_commands_are_malformed_and_keep_the_connection() {
        for bytes in [&[][..], &[byte::STMT_EXECUTE, 1], &[byte::FIELD_LIST, b'a'], &[byte::SET_OPTION, 0]] {
            let error = Command::decode(bytes).unwrap_err();
            assert_eq!((error.errno, error.fate), (1835, crate::base::Fate::Keep));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_do_not(bytes: Vec<u8>) {
            let _ = Command::decode(&bytes);
        }
    }
}
