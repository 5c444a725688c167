//! Plans and jobs: plain data.

use std::sync::Arc;

use serde::Serialize;

use super::lookup::{Images, Lookup};
use super::merge_spec::Merge;
use super::stage_spec::Ways;
use crate::base::ids::{NodeId, SourceId};
use crate::base::{Error, Value};
use crate::sharding::{Gene, KeyColumn};
use crate::sql::LineFormat;
use crate::sql::facts::{Operand, Span, Statement};
use crate::topology::Node;
use crate::topology::schema::Column;

/// What is to be done for a statement shape.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The facts, for whoever carries out [`Act::Session`].
    pub statement: Arc<Statement>,
    /// The named tables, as in `statement.tables`.
    pub tables: Vec<TableUse>,
    /// What to do.
    pub act: Act,
    /// Whether the statement leaves state on the server's connection (GET_LOCK, temporary tables, `@a := …`), so
    /// that the session must keep the connection.
    pub pins: bool,
    /// Whether some table has another schema or name on a server than clients know: column definitions have to be
    /// mapped back.
    pub renamed: bool,
    /// A lookup that tells on which shards the statement's rows are, where nothing else does.
    pub lookup: Option<Arc<Lookup>>,
    /// What must be read of the rows that it changes, to keep lookups right.
    pub images: Option<Arc<Images>>,
}

/// A logical table that a statement names.
#[derive(Debug, Clone)]
pub struct TableUse {
    /// Its database.
    pub database: Arc<str>,
    /// The table.
    pub table: Arc<crate::topology::Table>,
}

/// What to do.
#[derive(Debug, Clone)]
pub enum Act {
    /// The session does it itself: transaction control, SET, USE, KILL, PREPARE …
    Session,
    /// A statement that answers rows (or any statement that runs on one server and is passed through).
    Read(Read),
    /// A statement that changes rows where they are: UPDATE, DELETE, and INSERT into single or reference tables.
    Write(Write),
    /// INSERT or REPLACE into a sharded table, or with generated ids.
    Insert(Insert),
    /// LOAD DATA LOCAL.
    Load(Load),
    /// INSERT or REPLACE of rows that a query gives, wherever they are and wherever they go.
    Copy(Box<Copy>),
    /// DDL: steps one after another, each on all of its places in parallel.
    Ddl(Vec<DdlStep>),
    /// CREATE TABLE … SELECT whose rows come from, or go to, several places: a table is created as the query's columns say,
    /// and its rows are inserted then.
    CreateSelect,
    /// Not answered, and why.
    Refused(Error),
}

/// Which nodes a statement is for.
#[derive(Debug, Clone, Serialize)]
pub enum Routing {
    /// Any one of these places (reference tables, no tables).
    Any(Vec<Node>),
    /// All of these places (writes to reference tables).
    Every(Vec<Node>),
    /// Sharded tables. Each entry narrows the nodes; the answer is their intersection. All tables are aligned with
    /// the first entry's, unless `aligned` is false: then every sharded table has an entry (single tables too, where
    /// it matters), each must come down to one node or none, and all of these must lie on one source.
    Sharded {
        /// Table (index in `Plan::tables`) and what its key must satisfy.
        leads: Vec<(usize, Route)>,
        /// Whether node i of all these tables lies on the same server.
        aligned: bool,
    },
}

/// What a sharding key must satisfy, with values still open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Route {
    /// Anything.
    All,
    /// Nothing does.
    None,
    /// key = value
    Eq(Operand),
    /// key <=> value
    NullSafeEq(Operand),
    /// key IN (values)
    In(Vec<Operand>),
    /// Between bounds; `bool`: inclusive.
    Range {
        /// Lower bound.
        low: Option<(Operand, bool)>,
        /// Upper bound.
        high: Option<(Operand, bool)>,
    },
    /// key IS NULL
    IsNull,
    /// The key's slot is the one that the table's id carries.
    Gene {
        /// The id column.
        column: Arc<str>,
        /// How its values are read.
        gene: Gene,
        /// What they satisfy: Eq, NullSafeEq or In.
        id: Box<Route>,
    },
    /// All of them.
    And(Vec<Route>),
    /// One of them.
    Or(Vec<Route>),
}

/// The text for a server, made of pieces. Rendering copies them one after another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Piece {
    /// The client's own text at this place of the shape, its literals as they were written (or `?` with their
    /// parameters, in order, for a prepared statement).
    Shape(Span),
    /// Shardgate's own text.
    Text(Box<str>),
    /// The physical name of a table (index in `Plan::tables`), quoted, with its schema where that is not the job's.
    Table(usize),
    /// The physical name of a table without schema: qualifier of a column.
    Qualifier(usize),
    /// A value of the statement once more.
    Operand(Operand),
    /// LIMIT for one shard of several: `count + offset` of the two operands.
    LimitSum(Operand, Operand),
    /// A value that the session knows, as a literal.
    Session(SessionValue),
    /// The id of the row that is being rendered (INSERT): the new one, or the given one where none is made.
    NewId,
    /// ` AS` and the client's own text at this place as a quoted name, so that a column whose text was edited keeps
    /// the name that MySQL would have given it.
    Alias(Span),
}

/// Values that only the session knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum SessionValue {
    /// LAST_INSERT_ID()
    LastInsertId,
    /// FOUND_ROWS()
    FoundRows,
    /// ROW_COUNT()
    RowCount,
    /// SHARDGATE_NEXT_ID(…): the statement's i-th call of it.
    NextId(usize),
    /// CONNECTION_ID()
    ConnectionId,
    /// DATABASE(), SCHEMA()
    Database,
    /// USER(), SESSION_USER(), SYSTEM_USER()
    User,
    /// CURRENT_USER()
    CurrentUser,
    /// `@x`, lower-case name
    Variable(String),
    /// `@@x` where the session's value is not the server's (last_insert_id, identity, insert_id …).
    System(String),
    /// What a server made of the i-th of `Insert::computed`.
    Computed(usize),
}

/// A text for a server. `None` in a plan = the client's own text, untouched.
pub type Template = Vec<Piece>;

/// A statement that answers rows.
#[derive(Debug, Clone)]
pub struct Read {
    /// Where.
    pub routing: Routing,
    /// The text when one node answers it all.
    pub one: Option<Template>,
    /// How to answer from several nodes; or why that is refused.
    pub many: Result<Scatter, Error>,
    /// May a replica answer.
    pub replica: bool,
    /// FOR UPDATE or the like.
    pub locks: bool,
    /// Where several nodes could answer, only the first is asked (SHOW, DESCRIBE, EXPLAIN).
    pub first: bool,
    /// Cells of the answer that name a physical table are to be shown with the logical name.
    pub rename: bool,
    /// How it is answered where neither one node nor [`Read::many`] does.
    pub staged: Option<Arc<Ways>>,
}

/// A read on several nodes.
#[derive(Debug, Clone)]
pub struct Scatter {
    /// The text for each node.
    pub text: Option<Template>,
    /// How their rows become one answer.
    pub merge: Merge,
    /// LIMIT of the answer: count and offset.
    pub limit: Option<(Operand, Option<Operand>)>,
    /// Parts of the statement that were taken for the same expression: the values in them must be equal, pair by
    /// pair, or the statement is refused.
    pub equal: Vec<(Span, Span)>,
    /// Parts of the statement that are written once more in the aggregates of hidden columns, where MySQL gives a
    /// parameter another type than in its own place.
    pub weighed: Vec<Span>,
}

/// A statement that changes rows where they are.
#[derive(Debug, Clone)]
pub struct Write {
    /// Where. With [`Routing::Every`] the answer is the first place's; otherwise affected rows are summed.
    pub routing: Routing,
    /// The text.
    pub text: Option<Template>,
    /// How several nodes carry it out; or why that is refused.
    pub many: Result<Several, Error>,
    /// Columns by which rows are placed, set to what WHERE may demand of them anyway: then nothing moves.
    pub kept: Vec<Kept>,
    /// What is done where rows may move to other places.
    pub moves: Option<Box<Moves>>,
}

impl Write {
    /// The count of LIMIT, where it matters which rows it leaves.
    pub fn rows(&self) -> Option<&Operand> {
        match (&self.many, &self.moves) {
            (_, Some(moves)) => moves.pick.limit.as_ref(),
            (Ok(Several::InTurn(_, count)), _) => Some(count),
            (Ok(Several::Picked(pick)), _) => pick.limit.as_ref(),
            _ => None,
        }
    }
}

/// How several nodes carry out one change.
#[derive(Debug, Clone)]
pub enum Several {
    /// Each does its part, all at once.
    AtOnce,
    /// One after another, each with what LIMIT leaves to it: the text before LIMIT, and its count.
    InTurn(Template, Operand),
    /// The rows are picked first, over all nodes.
    Picked(Box<Pick>),
}

/// The rows of one sharded table that a statement is about are found out, and locked, before it changes them.
#[derive(Debug, Clone)]
pub struct Pick {
    /// The table (index in `Plan::tables`).
    pub table: usize,
    /// Asks a node for its rows: their [`Pick::keys`], what becomes of these, then the hidden columns of `merge`.
    pub question: Template,
    /// How the nodes' rows become one list.
    pub merge: Merge,
    /// How many of them count.
    pub limit: Option<Operand>,
    /// The columns that identify a row.
    pub keys: Vec<PickedKey>,
    /// The statement up to its WHERE.
    pub head: Template,
    /// What follows WHERE.
    pub tail: Template,
}

/// A column of those that identify a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedKey {
    /// Its name.
    pub name: String,
    /// How its values are written.
    pub form: KeyForm,
    /// Where in the question's rows stands what it is after the statement.
    pub after: usize,
}

/// How a value that a server has written in plain characters becomes a literal which is equal to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyForm {
    /// Digits.
    Number,
    /// In quotes: dates, times, UUIDs.
    Quoted,
    /// Seconds since 1970.
    Moment,
    /// Hexadecimal digits of bytes.
    Bytes,
    /// Hexadecimal digits of characters in this set.
    Characters(String),
}

/// An UPDATE after which rows may belong to other nodes. Each node changes its rows itself; those whose new key has its
/// place elsewhere are then read there, inserted where they belong, and deleted.
#[derive(Debug, Clone)]
pub struct Moves {
    /// How its rows are found.
    pub pick: Pick,
    /// What the key is set to, if that is one value: rows that are there already stay.
    pub to: Option<Operand>,
    /// The key's column.
    pub column: KeyColumn,
    /// Columns that make up a row: all but generated ones.
    pub columns: Vec<String>,
    /// A unique value may be another row's before that one has changed: rows change one by one, in the order in which one
    /// server does it, so that what it takes for a duplicate is one here.
    pub one_by_one: bool,
    /// It moves rows whatever [`Write::kept`] says.
    pub always: bool,
}

/// A sharding key, or an id that carries its slot, that is set to what WHERE demands of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What WHERE demands.
    pub held: Operand,
    /// What it is set to.
    pub new: Operand,
    /// Refuses a statement where they differ and rows cannot move.
    pub otherwise: Error,
}

/// INSERT or REPLACE with rows that are placed one by one.
#[derive(Debug, Clone)]
pub struct Insert {
    /// The table (index in `Plan::tables`).
    pub table: usize,
    /// Text up to the first row.
    pub head: Template,
    /// The rows.
    pub rows: Vec<InsertRow>,
    /// Text after the last row.
    pub tail: Template,
    /// Whether ids are generated where a row asks for one, and as what.
    pub generates: Option<IdValue>,
    /// Whether the client's own text may be sent as it is, when all rows go to one node and no id is made.
    pub verbatim: bool,
    /// Why rows on several nodes are refused, if they are.
    pub many: Result<(), Error>,
    /// The key's column, where its definition is known: what it would clip is refused.
    pub column: Option<KeyColumn>,
    /// The text with which one server could be left to give the ids itself; `None` inside = the client's own. See
    /// [`replay`](super::replay).
    pub native: Option<Option<Template>>,
    /// Expressions without columns that stand for a key or an id: a server makes values of them first.
    pub computed: Vec<Template>,
    /// Rows may come to nothing, or change others (IGNORE, ON DUPLICATE KEY UPDATE).
    pub selective: Selective,
}

/// What becomes of a row that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selective {
    /// An error, or it is replaced: each row of a statement that succeeds has been inserted.
    #[default]
    No,
    /// IGNORE: nothing.
    Ignore,
    /// ON DUPLICATE KEY UPDATE: the row that is there changes.
    Update,
}

/// What new ids are in their column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdValue {
    /// Numbers. NULL and 0 ask for one.
    Number,
    /// UUIDs of 36 characters. NULL asks for one.
    Text,
    /// UUIDs of 16 bytes. NULL asks for one.
    Bytes,
}

/// One row.
#[derive(Debug, Clone)]
pub struct InsertRow {
    /// Its text, parentheses included. [`Piece::NewId`] stands where the id goes.
    pub pieces: Template,
    /// Its sharding key; `None` for a table that is not sharded (the row goes everywhere the table is).
    pub key: Option<Cell>,
    /// Its id, where the table generates ids.
    pub id: Option<Cell>,
}

/// Where a value of an inserted row comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Given. For an id: NULL and 0 ask for a new one.
    Operand(Operand),
    /// The new id.
    NewId,
    /// A value that the session knows.
    Session(SessionValue),
}

/// LOAD DATA LOCAL. Its text is for each place alike: it asks for the part of the file that is the place's.
#[derive(Debug, Clone)]
pub struct Load {
    /// The table (index in `Plan::tables`).
    pub table: usize,
    /// The name of the client's file.
    pub file: Vec<u8>,
    /// Everywhere where rows may go.
    pub routing: Routing,
    /// The text.
    pub text: Option<Template>,
    /// How the file is cut into rows; `None`: it goes to the one place as it is.
    pub rows: Option<LoadRows>,
    /// The server may make ids by AUTO_INCREMENT.
    pub counts: bool,
    /// User variables that hold the last row's fields afterwards; lower case.
    pub variables: Vec<String>,
}

/// How rows of a file are cut, placed and given ids.
#[derive(Debug, Clone)]
pub struct LoadRows {
    /// How lines and fields end.
    pub format: LineFormat,
    /// Lines of a header.
    pub skip: u64,
    /// The file's character set, where the statement tells it.
    pub charset: Option<String>,
    /// How many fields of a line are read.
    pub fields: usize,
    /// The field of the sharding key; `None`: rows go everywhere where the table is, or the key is the id.
    pub key: Option<usize>,
    /// Where ids are.
    pub id: GivenId,
    /// The sharding key is the id.
    pub key_is_id: bool,
    /// The key's column, where its definition is known: what it would clip is refused.
    pub column: Option<KeyColumn>,
    /// REPLACE.
    pub replace: bool,
}

/// Where the ids are of rows that come from a file or a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenId {
    /// The table has none.
    None,
    /// In this field. NULL and 0 ask for a new one.
    Field(usize),
    /// In this field of every row: AUTO_INCREMENT would count on each server for itself.
    Given(usize),
    /// A field of its own, put before a line's first, or behind the query's last.
    Added,
}

/// Rows of a query that are read, placed one by one, and written.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The whole statement for each place, where all rows stay where they are read.
    pub local: Option<Write>,
    /// The query.
    pub read: Read,
    /// The table that the rows go to (index in `Plan::tables`).
    pub table: usize,
    /// Everywhere where rows may go.
    pub routing: Routing,
    /// Text up to the rows.
    pub head: Template,
    /// Text after the last row.
    pub tail: Template,
    /// What the query's columns fill, in their order.
    pub columns: Vec<Stored>,
    /// How many more columns are read, which only `tail` names: as [`super::CARRIED`] has them.
    pub carried: usize,
    /// The query's column that is the sharding key; `None`: rows go everywhere where the table is, or the key is the id.
    pub key: Option<usize>,
    /// Where ids are.
    pub id: GivenId,
    /// The sharding key is the id.
    pub key_is_id: bool,
    /// The key's column, where its definition is known: what it would clip is refused.
    pub column: Option<KeyColumn>,
    /// What new ids are.
    pub generates: Option<IdValue>,
    /// Rows may come to nothing, or change others.
    pub selective: Selective,
}

impl Stored {
    /// What a table's column holds.
    pub fn of(column: &Column) -> Self {
        match column.data_type.as_str() {
            "date" => Self::Date,
            "datetime" => Self::Moment,
            "timestamp" => Self::Stamp,
            "time" => Self::Time,
            "float" | "double" => Self::Real,
            name if ["char", "text", "binary", "blob"].iter().any(|end| name.ends_with(end)) => Self::Text,
            "enum" | "set" | "uuid" | "inet4" | "inet6" => Self::Text,
            "json" => Self::Json,
            _ => Self::Other,
        }
    }
}

/// What a column holds, as far as it decides how a value is written for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Characters or bytes.
    Text,
    /// JSON, where it is a type of its own.
    Json,
    /// DATE
    Date,
    /// DATETIME
    Moment,
    /// TIMESTAMP
    Stamp,
    /// TIME
    Time,
    /// FLOAT, DOUBLE
    Real,
    /// Anything else.
    Other,
}

/// One step of DDL.
#[derive(Debug, Clone)]
pub struct DdlStep {
    /// Where to run it.
    pub places: Vec<DdlPlace>,
    /// Logical tables whose definitions change: (database, table).
    pub changes: Vec<(Arc<str>, Arc<str>)>,
}

/// DDL at one place.
#[derive(Debug, Clone)]
pub struct DdlPlace {
    /// The place.
    pub node: Node,
    /// The text for it.
    pub text: Template,
    /// What it changes there: tables by their physical names, or the schema itself.
    pub objects: Vec<Node>,
}

/// One text for one server.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The server.
    pub source: SourceId,
    /// The schema that must be selected; empty: none needs to be.
    pub schema: Arc<str>,
    /// Which node of the leading table, for reports.
    pub node: NodeId,
    /// The text's bytes (literals may be in any character set); `None` = the client's own, untouched.
    pub text: Option<Vec<u8>>,
    /// Parameters of `text`'s `?` in order (prepared statements); `None` = the client's own, untouched.
    pub params: Option<Vec<Param>>,
    /// Ids that the server gives itself.
    pub native: Option<Native>,
}

/// Ids that a server gives to rows one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Native {
    /// The first.
    pub first: u64,
    /// How many there are.
    pub count: u64,
}

/// A parameter of a job of a prepared statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// The client's i-th parameter as it was sent.
    Client(u16),
    /// A value of Shardgate's.
    Value(Value),
}

/// What an INSERT's jobs made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ids {
    /// The first generated id.
    pub first: Option<u64>,
    /// How many.
    pub count: u64,
    /// The last explicit id, if no id was generated.
    pub explicit: Option<i128>,
    /// The jobs of the first row with a new id, and of the last row.
    pub ends: (usize, usize),
    /// All of them in the rows' order, where some of the rows may not be inserted.
    pub made: Vec<u64>,
}
