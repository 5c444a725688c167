//! What a statement says, free of any parser's types.
//!
//! All positions are byte offsets into the *shape*: the statement's text in which `normalise` has replaced each
//! literal by one `?`. A statement that came by PREPARE is its own shape. `Operand::Param(i)` is the i-th `?`
//! of the shape, counted from 0, whoever put it there.

mod query;

pub use query::{
    Aggregate, Body, ColumnRef, Compare, Cte, Expr, ExprKind, Func, Item, JoinKind, Limit, Name, Operand,
    OrderItem, Predicate, Query, Select, Span, TableName, TableRef,
};

/// INSERT or REPLACE.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// REPLACE.
    pub replace: bool,
    /// IGNORE.
    pub ignore: bool,
    /// INTO.
    pub table: TableName,
    /// The column list as written; `None` = all columns in the table's order.
    pub columns: Option<Vec<Name>>,
    /// The column list with its parentheses.
    pub columns_span: Option<Span>,
    /// Where it is, or would be.
    pub columns_at: u32,
    /// What is inserted.
    pub source: InsertSource,
    /// ON DUPLICATE KEY UPDATE.
    pub on_duplicate: Vec<Assignment>,
    /// RETURNING with what it answers (MariaDB).
    pub returning: Option<Span>,
    /// `VALUES (…) AS alias` (MySQL's row alias).
    pub row_alias: bool,
}

/// What an INSERT inserts.
#[derive(Debug, Clone, PartialEq)]
pub enum InsertSource {
    /// VALUES (…), (…)
    Rows(Vec<InsertRow>),
    /// SET a = 1, b = 2
    Set(Vec<Assignment>),
    /// SELECT … (or TABLE t)
    Query(Box<Query>),
}

/// One row of VALUES.
#[derive(Debug, Clone, PartialEq)]
pub struct InsertRow {
    /// With its parentheses (and the word ROW, if written).
    pub span: Span,
    /// Its values.
    pub cells: Vec<Expr>,
}

/// `column = expr`
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: ColumnRef,
    /// The new value.
    pub value: Expr,
}

/// UPDATE.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// IGNORE.
    pub ignore: bool,
    /// The tables.
    pub tables: Vec<TableRef>,
    /// Where the tables stand.
    pub from: Span,
    /// SET.
    pub set: Vec<Assignment>,
    /// WHERE.
    pub filter: Option<Predicate>,
    /// WHERE's text and what it refers to.
    pub filter_expr: Option<Expr>,
    /// ORDER BY.
    pub order_by: Vec<OrderItem>,
    /// From the word ORDER to the last item.
    pub order_span: Option<Span>,
    /// LIMIT.
    pub limit: Option<Limit>,
}

/// DELETE.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// IGNORE.
    pub ignore: bool,
    /// Tables to delete from in the multi-table forms; empty in the single-table form.
    pub targets: Vec<TableName>,
    /// FROM or USING.
    pub tables: Vec<TableRef>,
    /// Where the tables stand.
    pub from: Span,
    /// WHERE.
    pub filter: Option<Predicate>,
    /// WHERE's text and what it refers to.
    pub filter_expr: Option<Expr>,
    /// ORDER BY.
    pub order_by: Vec<OrderItem>,
    /// From the word ORDER to the last item.
    pub order_span: Option<Span>,
    /// LIMIT.
    pub limit: Option<Limit>,
    /// RETURNING (MariaDB).
    pub returning: bool,
}

/// A statement that defines or maintains tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Ddl {
    /// Which.
    pub kind: DdlKind,
    /// IF EXISTS, IF NOT EXISTS.
    pub lenient: bool,
    /// TEMPORARY.
    pub temporary: bool,
    /// The tables it works on, as written (for RENAME: old, new, old, new …; CREATE TABLE a LIKE b: a, b).
    pub tables: Vec<TableName>,
    /// CREATE/ALTER/DROP DATABASE: its name.
    pub database: Option<Name>,
    /// CREATE OR REPLACE.
    pub or_replace: bool,
    /// CREATE TABLE … SELECT.
    pub query: Option<Box<Query>>,
    /// What becomes of its rows that are duplicates: IGNORE or REPLACE, if one of them is said.
    pub duplicates: Option<&'static str>,
    /// CREATE TABLE: column names with their type's text, in order. ALTER TABLE: those that it modifies.
    pub columns: Vec<(String, String)>,
    /// CREATE TABLE: what stands behind each column's type.
    pub attributes: Vec<String>,
    /// CREATE TABLE: PRIMARY KEY (`true`) and UNIQUE indexes that stand apart from columns, and their columns.
    pub unique: Vec<(bool, Vec<String>)>,
    /// CREATE TABLE: what stands behind its columns, such as DEFAULT CHARSET.
    pub options: String,
    /// ALTER TABLE: columns that it drops or renames.
    pub dropped: Vec<String>,
    /// Foreign keys' referenced tables.
    pub references: Vec<TableName>,
}

/// The kinds of DDL and table maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum DdlKind {
    /// CREATE TABLE
    CreateTable,
    /// ALTER TABLE
    AlterTable,
    /// ALTER TABLE … RENAME TO: tables are old, new.
    AlterTableRename,
    /// DROP TABLE
    DropTable,
    /// TRUNCATE
    TruncateTable,
    /// RENAME TABLE
    RenameTable,
    /// CREATE INDEX
    CreateIndex,
    /// DROP INDEX
    DropIndex,
    /// CREATE DATABASE
    CreateDatabase,
    /// ALTER DATABASE
    AlterDatabase,
    /// DROP DATABASE
    DropDatabase,
    /// ANALYZE, OPTIMIZE, CHECK, REPAIR, CHECKSUM TABLE: answers rows.
    Maintain,
    /// Views, procedures, functions, triggers, events, users, grants …
    Other,
}

/// One assignment of SET.
#[derive(Debug, Clone, PartialEq)]
pub struct SetItem {
    /// What is set.
    pub target: SetTarget,
    /// The value's text in the shape.
    pub span: Span,
    /// The value where it is plain (a word such as ON or utf8mb4 is `Const(Str)`).
    pub value: Option<Operand>,
    /// Subqueries in the value.
    pub subqueries: Vec<Query>,
}

/// What a SET sets.
#[derive(Debug, Clone, PartialEq)]
pub enum SetTarget {
    /// A session variable, lower case (`SET x`, `SET SESSION x`, `SET @@x`, `SET LOCAL x`).
    Session(String),
    /// A global or persisted one, lower case.
    Global(String),
    /// `@x`, lower case without the sign.
    User(String),
    /// SET NAMES (value: charset; the collation as a second item of target Session("collation_connection")).
    Names,
    /// SET CHARACTER SET.
    CharacterSet,
    /// SET [SESSION|GLOBAL] TRANSACTION …; the text stands in `span`.
    Transaction {
        /// Whether SESSION or GLOBAL was written (neither: the next transaction only).
        scope: Option<String>,
    },
    /// SET PASSWORD, ROLE, RESOURCE GROUP …
    Other,
}

/// FORMAT of EXPLAIN SHARDGATE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExplainFormat {
    /// FORMAT=TREE, or none.
    Tree,
    /// FORMAT=JSON
    Json,
    /// Another one, as it was written.
    Other(String),
}

/// SHOW, by what it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// Upper-case words after SHOW up to the first name, without FULL/EXTENDED/GLOBAL/SESSION: `TABLES`, `COLUMNS`,
    /// `CREATE TABLE`, `INDEX`, `VARIABLES`, `WARNINGS`, `TABLE STATUS`, `SHARDGATE …`
    pub what: String,
    /// The table named.
    pub table: Option<TableName>,
    /// FROM/IN database.
    pub database: Option<Name>,
    /// FULL
    pub full: bool,
    /// Everything after the names: LIKE or WHERE.
    pub tail: Option<Span>,
    /// Of SHOW WARNINGS and SHOW ERRORS.
    pub limit: Option<Limit>,
}

/// Everything that is known of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it is.
    pub kind: Kind,
    /// Every named table at any depth (CTE names left out), in order of appearance: where names must be mapped.
    pub tables: Vec<TableName>,
    /// Every qualified column (`t.c`, `db.t.c`, `t.*` as name `*`) at any depth, for the mapping of qualifiers.
    pub qualified: Vec<ColumnRef>,
    /// Function calls without regard to depth, upper case, where an upper room must act on them: LAST_INSERT_ID,
    /// FOUND_ROWS, ROW_COUNT, CONNECTION_ID, DATABASE, SCHEMA, USER, CURRENT_USER, SESSION_USER, SYSTEM_USER,
    /// GET_LOCK, RELEASE_LOCK, RELEASE_ALL_LOCKS, IS_FREE_LOCK, IS_USED_LOCK, RAND, UUID, SLEEP, NEXTVAL,
    /// SHARDGATE_NEXT_ID, with the place of the whole call and whether it has arguments.
    pub functions: Vec<FunctionUse>,
    /// `@x` read anywhere: lower-case name and place.
    pub user_variables: Vec<Name>,
    /// `@x := …` somewhere.
    pub assigns_user_variables: bool,
    /// A function is called that may be a stored one: it may write.
    pub calls_stored: bool,
    /// `@@x`, `@@session.x`, `@@global.x` read anywhere: the text after `@@`, lower case, and place.
    pub system_variables: Vec<Name>,
    /// How many `?` the shape has.
    pub params: u16,
    /// SHARDGATE(…) hints: the text between the parentheses.
    pub hints: Vec<String>,
}

/// A call of a function that depends on the session.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionUse {
    /// Upper case.
    pub name: String,
    /// The whole call.
    pub span: Span,
    /// Whether arguments are given.
    pub args: bool,
    /// The arguments of SHARDGATE_NEXT_ID; `None` for one that is more than a value.
    pub operands: Vec<Option<Operand>>,
}

impl FunctionUse {
    /// SHARDGATE_NEXT_ID
    pub fn is_next_id(&self) -> bool {
        self.name == "SHARDGATE_NEXT_ID"
    }
}

/// The kinds of statements.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// SELECT, WITH … SELECT, VALUES, TABLE.
    Select(Box<Query>),
    /// INSERT, REPLACE.
    Insert(Box<Insert>),
    /// UPDATE.
    Update(Box<Update>),
    /// DELETE.
    Delete(Box<Delete>),
    /// DDL and table maintenance.
    Ddl(Box<Ddl>),
    /// USE db
    Use(String),
    /// SET …
    Set(Vec<SetItem>),
    /// SHOW …
    Show(Box<Show>),
    /// DESCRIBE t, EXPLAIN t: like SHOW COLUMNS.
    Describe(TableName),
    /// EXPLAIN [options] statement. `shardgate`: EXPLAIN SHARDGATE …; `inner` is where the statement starts.
    Explain {
        /// EXPLAIN SHARDGATE
        shardgate: bool,
        /// ANALYZE
        analyze: bool,
        /// FORMAT=…
        format: ExplainFormat,
        /// Where the explained statement stands.
        inner: Span,
        /// The explained statement.
        statement: Box<Statement>,
    },
    /// BEGIN, START TRANSACTION.
    Begin {
        /// READ ONLY, or READ WRITE
        read_only: Option<bool>,
        /// WITH CONSISTENT SNAPSHOT
        snapshot: bool,
    },
    /// COMMIT
    Commit {
        /// AND CHAIN
        chain: bool,
        /// RELEASE
        release: bool,
    },
    /// ROLLBACK
    Rollback {
        /// AND CHAIN
        chain: bool,
        /// RELEASE
        release: bool,
    },
    /// SAVEPOINT name
    Savepoint(String),
    /// ROLLBACK TO name
    RollbackTo(String),
    /// RELEASE SAVEPOINT name
    ReleaseSavepoint(String),
    /// KILL [QUERY|CONNECTION] id
    Kill {
        /// KILL QUERY
        query: bool,
        /// Whom.
        id: Operand,
    },
    /// LOCK TABLES
    LockTables,
    /// UNLOCK TABLES
    UnlockTables,
    /// PREPARE name FROM 'text' | @var
    Prepare {
        /// The statement's name.
        name: String,
        /// Its text, where given as a literal.
        text: Option<Operand>,
        /// Its text, where in a user variable.
        variable: Option<String>,
    },
    /// EXECUTE name [USING @a, @b]
    Execute {
        /// The statement's name.
        name: String,
        /// User variables.
        using: Vec<String>,
    },
    /// DEALLOCATE PREPARE name
    Deallocate(String),
    /// DO expr
    Do,
    /// CALL
    Call,
    /// LOAD DATA
    LoadData(Box<super::load::LoadData>),
    /// SHARDGATE DDL CONTINUE id, SHARDGATE DDL UNDO id
    ResumeDdl {
        /// UNDO
        undo: bool,
        /// The statement's number.
        id: Operand,
    },
    /// XA …, HANDLER …, FLUSH, RESET, GRANT …: first word, upper case.
    Other(String),
    /// The text has nothing but comments and space.
    Empty,
}
