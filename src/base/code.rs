//! The catalogue of errors that Shardgate itself raises: one row an error, with the number and SQLSTATE that
//! MySQL drivers already understand (MySQL 8.4 Error Message Reference, "Server Error Message Reference").

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])* $name:ident = $errno:literal, $state:literal, $advice:literal;)*) => {
        /// One kind of error that Shardgate raises itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];
            /// The MySQL error number.
            pub const fn errno(self) -> u16 { match self { $(Code::$name => $errno,)* } }
            /// The five-character SQLSTATE.
            pub const fn sqlstate(self) -> &'static str { match self { $(Code::$name => $state,)* } }
            /// What the person who reads the error can do about it.
            pub const fn advice(self) -> &'static str { match self { $(Code::$name => $advice,)* } }
        }
    };
}

catalogue! {
    /// The statement does not parse, and no server could be asked for its own message.
    Syntax = 1064, "42000", "correct the statement's syntax";
    /// The statement is understood, and refused because its answer could be wrong.
    NotSupported = 1235, "42000", "write the statement as the message says";
    /// A statement needs a database and none is selected.
    NoDatabase = 1046, "3D000", "select one with USE, or name it in the connection string";
    /// The database does not exist in the configuration.
    UnknownDatabase = 1049, "42000", "SHOW DATABASES lists those that exist";
    /// The user may not connect.
    AccessDenied = 1045, "28000", "check the user's name and password in the configuration's [[user]] entries";
    /// The table does not exist on the shards.
    NoTable = 1146, "42S02", "SHOW TABLES lists those that exist";
    /// The column does not exist in the table.
    NoColumn = 1054, "42S22", "DESCRIBE the table";
    /// A column name could mean several tables.
    AmbiguousColumn = 1052, "23000", "qualify the column with its table";
    /// An INSERT's row has another number of values than columns.
    ColumnCount = 1136, "21S01", "give each row as many values as there are columns";
    /// No connection to a server was free in time.
    TooManyConnections = 1040, "08004", "raise pool.max_connections, or shorten transactions";
    /// The proxy is shutting down.
    Shutdown = 1053, "08S01", "connect to another Shardgate";
    /// A statement took longer than its limit.
    Timeout = 3024, "HY000", "raise the limit, or narrow the statement";
    /// The statement was killed.
    Killed = 1317, "70100", "it was killed by KILL QUERY or by the client's leaving";
    /// A packet is larger than the limit.
    PacketTooLarge = 1153, "08S01", "raise listen.max_packet, or send less";
    /// The command is unknown.
    UnknownCommand = 1047, "08S01", "the client sent a command that MySQL does not have or Shardgate does not serve";
    /// Packets out of order or not decodable.
    MalformedPacket = 1835, "HY000", "the client's driver broke the protocol";
    /// A write in a read-only transaction.
    ReadOnly = 1792, "25006", "start a READ WRITE transaction";
    /// A query needs more memory than its budget.
    Memory = 1038, "HY001", "raise the budget that the message names, or narrow the statement";
    /// A prepared statement's id is unknown.
    UnknownStatement = 1243, "HY000", "prepare the statement on this connection first";
    /// A parameter's value has the wrong form.
    WrongArguments = 1210, "HY000", "check the parameters' types";
    /// A value cannot be taken for a column.
    BadValue = 1366, "HY000", "give a value of the column's type";
    /// NULL for a column that cannot hold it.
    NullColumn = 1048, "23000", "give the column a value";
    /// A value is outside of its column's or rule's range.
    OutOfRange = 1264, "22003", "give a value inside of the column's range";
    /// A string is longer than its column.
    DataTooLong = 1406, "22001", "give a value that fits the column";
    /// No shard is declared for a key's value.
    NoPartition = 1526, "HY000", "add a shard for the value to the table's rule";
    /// No id could be made in time.
    NoIds = 1467, "HY000", "check that the store of [ids] can be reached; SHOW SHARDGATE STATUS shows its leases";
    /// EXPLAIN SHARDGATE has no such FORMAT.
    UnknownFormat = 1791, "HY000", "write FORMAT=TREE or FORMAT=JSON";
    /// A system variable does not exist.
    UnknownVariable = 1193, "HY000", "SHOW VARIABLES lists those that exist";
    /// A transaction was open for too long, or a table is held by another statement's DDL.
    LockWait = 1205, "HY000", "try the transaction or statement again";
    /// The answer to the COMMIT that decides a transaction over several sources was lost, and could not be found out.
    OutcomeUnknown = 1180, "HY000", "ask SHOW SHARDGATE TRANSACTIONS for the transaction that the message names, before trying again";
    /// A server cannot be reached.
    SourceDown = 2003, "HY000", "check that the named source's server runs and can be reached";
    /// A server went away while a statement ran.
    SourceLost = 2013, "HY000", "run the transaction again; the named source's connection was lost";
    /// Anything that should not be.
    Internal = 1105, "HY000", "report it with the statement that caused it";
}
