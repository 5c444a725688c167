//! One error type for every room: what happened, who said it, and what becomes of the connection.

use std::fmt;

use super::Code;

/// The result of anything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who raised an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Shardgate itself.
    Proxy,
    /// The client broke the protocol or left.
    Client,
    /// A MySQL server: number, SQLSTATE and text are the server's own and go to the client verbatim.
    Backend,
}

/// What becomes of the connection on which an error happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays usable: the protocol is at a statement boundary.
    Keep,
    /// It must be closed: the protocol's state is unknown.
    Close,
}

/// An error, ready to become a MySQL ERR packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// MySQL error number.
    pub errno: u16,
    /// Five ASCII characters.
    pub sqlstate: [u8; 5],
    /// Text for a person: what happened, where, and what to do.
    pub message: String,
    /// Who raised it.
    pub origin: Origin,
    /// What becomes of the connection it happened on.
    pub fate: Fate,
}

impl Error {
    /// An error of Shardgate's own, after which the connection goes on.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            errno: code.errno(),
            sqlstate: state(code.sqlstate()),
            message: message.into(),
            origin: Origin::Proxy,
            fate: Fate::Keep,
        }
    }

    /// A refusal (1235): the reason why the statement cannot be answered rightly, and how to write it instead.
    pub fn refused(reason: impl fmt::Display, instead: impl fmt::Display) -> Self {
        Self::new(Code::NotSupported, format!("Shardgate cannot answer this rightly: {reason}; {instead}"))
    }

    /// An error that a server answered with.
    pub fn backend(errno: u16, sqlstate: [u8; 5], message: String) -> Self {
        Self { errno, sqlstate, message, origin: Origin::Backend, fate: Fate::Keep }
    }

    /// The client's protocol error; its connection must be closed.
    pub fn client(code: Code, message: impl Into<String>) -> Self {
        Self { origin: Origin::Client, fate: Fate::Close, ..Self::new(code, message) }
    }

    /// The same error with another fate of the connection.
    #[must_use]
    pub fn with_fate(self, fate: Fate) -> Self {
        Self { fate, ..self }
    }

    /// Whether this is an error of the given code.
    pub fn is(&self, code: Code) -> bool {
        self.errno == code.errno()
    }
}

fn state(text: &str) -> [u8; 5] {
    let mut out = *b"HY000";
    if text.len() == 5 {
        out.copy_from_slice(text.as_bytes());
    }
    out
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.errno, String::from_utf8_lossy(&self.sqlstate), self.message)
    }
}

impl std::error::Error for Error {}
