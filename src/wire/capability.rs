//! Capability flags of the handshake (MySQL source docs, "Capabilities Flags"; MariaDB knowledge base, "Connection").
//! A connection speaks the intersection of what both sides announced. MariaDB's extended word is always zero here:
//! Shardgate announces itself with [`LONG_PASSWORD`] set, which tells MariaDB clients that there is none.

/// Improved password hashing; to MariaDB it says "no extended capabilities".
pub const LONG_PASSWORD: u32 = 1;
/// Affected rows of an UPDATE are the rows matched, not those changed.
pub const FOUND_ROWS: u32 = 1 << 1;
/// All column flags.
pub const LONG_FLAG: u32 = 1 << 2;
/// The login names a database.
pub const CONNECT_WITH_DB: u32 = 1 << 3;
/// Forbids `database.table.column`.
pub const NO_SCHEMA: u32 = 1 << 4;
/// Compressed packets.
pub const COMPRESS: u32 = 1 << 5;
/// ODBC: no effect.
pub const ODBC: u32 = 1 << 6;
/// LOAD DATA LOCAL.
pub const LOCAL_FILES: u32 = 1 << 7;
/// Spaces before `(` are ignored.
pub const IGNORE_SPACE: u32 = 1 << 8;
/// The protocol of MySQL 4.1 and later; Shardgate speaks no other.
pub const PROTOCOL_41: u32 = 1 << 9;
/// `interactive_timeout` instead of `wait_timeout`.
pub const INTERACTIVE: u32 = 1 << 10;
/// TLS.
pub const SSL: u32 = 1 << 11;
/// Client-side only: no effect.
pub const IGNORE_SIGPIPE: u32 = 1 << 12;
/// Status flags about transactions.
pub const TRANSACTIONS: u32 = 1 << 13;
/// Formerly "protocol 4.1".
pub const RESERVED: u32 = 1 << 14;
/// Scrambled passwords of 20 bytes and more.
pub const SECURE_CONNECTION: u32 = 1 << 15;
/// Several statements in one COM_QUERY.
pub const MULTI_STATEMENTS: u32 = 1 << 16;
/// Several result sets in one text response.
pub const MULTI_RESULTS: u32 = 1 << 17;
/// Several result sets in one EXECUTE response.
pub const PS_MULTI_RESULTS: u32 = 1 << 18;
/// Named authentication plugins.
pub const PLUGIN_AUTH: u32 = 1 << 19;
/// Connection attributes in the login.
pub const CONNECT_ATTRS: u32 = 1 << 20;
/// The login's auth response has a length-encoded length.
pub const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
/// The client can handle expired passwords.
pub const CAN_HANDLE_EXPIRED_PASSWORDS: u32 = 1 << 22;
/// OK packets may carry changes of the session's state.
pub const SESSION_TRACK: u32 = 1 << 23;
/// Result sets end with an OK packet of header 0xFE, and column definitions with nothing.
pub const DEPRECATE_EOF: u32 = 1 << 24;
/// Column definitions may be left out.
pub const OPTIONAL_RESULTSET_METADATA: u32 = 1 << 25;
/// zstd compression.
pub const ZSTD: u32 = 1 << 26;
/// COM_QUERY and EXECUTE carry query attributes.
pub const QUERY_ATTRIBUTES: u32 = 1 << 27;

/// What Shardgate announces to clients by default: everything it can serve. Not compression, not TLS, nor
/// query attributes, whose commands have another layout.
pub const SERVED: u32 = LONG_PASSWORD
    | FOUND_ROWS
    | LONG_FLAG
    | CONNECT_WITH_DB
    | NO_SCHEMA
    | ODBC
    | LOCAL_FILES
    | IGNORE_SPACE
    | PROTOCOL_41
    | INTERACTIVE
    | IGNORE_SIGPIPE
    | TRANSACTIONS
    | RESERVED
    | SECURE_CONNECTION
    | MULTI_STATEMENTS
    | MULTI_RESULTS
    | PS_MULTI_RESULTS
    | PLUGIN_AUTH
    | CONNECT_ATTRS
    | PLUGIN_AUTH_LENENC
    | SESSION_TRACK
    | DEPRECATE_EOF;

/// What every connection to a server asks for, whatever else it wants.
pub const REQUIRED: u32 = LONG_PASSWORD
    | LONG_FLAG
    | PROTOCOL_41
    | TRANSACTIONS
    | RESERVED
    | SECURE_CONNECTION
    | PLUGIN_AUTH
    | PLUGIN_AUTH_LENENC;
