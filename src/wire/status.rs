//! Status flags of OK and EOF packets (MySQL source docs, "SERVER_STATUS_flags_enum").

/// A transaction is open.
pub const IN_TRANS: u16 = 0x0001;
/// Autocommit is on.
pub const AUTOCOMMIT: u16 = 0x0002;
/// Another result follows.
pub const MORE_RESULTS_EXISTS: u16 = 0x0008;
/// The statement used no good index.
pub const NO_GOOD_INDEX_USED: u16 = 0x0010;
/// The statement used no index.
pub const NO_INDEX_USED: u16 = 0x0020;
/// A cursor was opened: no rows follow, FETCH gets them.
pub const CURSOR_EXISTS: u16 = 0x0040;
/// FETCH reached the last row.
pub const LAST_ROW_SENT: u16 = 0x0080;
/// A database was dropped.
pub const DB_DROPPED: u16 = 0x0100;
/// `NO_BACKSLASH_ESCAPES` is set in `sql_mode`.
pub const NO_BACKSLASH_ESCAPES: u16 = 0x0200;
/// A prepared statement's column definitions changed.
pub const METADATA_CHANGED: u16 = 0x0400;
/// The query was slow by the server's `long_query_time`.
pub const QUERY_WAS_SLOW: u16 = 0x0800;
/// The result set holds OUT parameters of a CALL.
pub const PS_OUT_PARAMS: u16 = 0x1000;
/// The open transaction is read-only.
pub const IN_TRANS_READONLY: u16 = 0x2000;
/// The OK packet carries session state changes.
pub const SESSION_STATE_CHANGED: u16 = 0x4000;
/// MariaDB: `ANSI_QUOTES` is set in `sql_mode`.
pub const ANSI_QUOTES: u16 = 0x8000;
