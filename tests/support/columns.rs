//! The tables of `select_tables.sql` as random statements see them: what identifies a row, and what kind of values each
//! column has.

use super::generate::Random;

/// What values a column has; those of one kind are compared with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Small enough that sums and products of them fit.
    Int,
    /// Near the limits of 64 bits: compared, counted and summed only.
    Wide,
    /// Near the limits of DECIMAL: compared and counted only.
    Huge,
    Decimal,
    /// Values whose sums are exact.
    Real,
    Day,
    Moment,
    Span,
    /// Equal strings have equal bytes.
    Exact,
    /// Equal strings may differ: neither shown by groups nor by DISTINCT.
    Folded,
    Bytes,
    Choice,
}

pub use Kind::{Bytes, Choice, Day, Decimal, Exact, Folded, Huge, Int, Moment, Real, Span, Wide};

pub type Columns = &'static [(&'static str, Kind)];

/// Tables, the columns that identify a row, and the columns.
pub const TABLES: &[(&str, &[&str], Columns)] = &[
    ("things", &["k"], THINGS),
    ("things", &["k"], THINGS),
    ("things", &["k"], THINGS),
    (
        "parts",
        &["k", "n"],
        &[("k", Int), ("n", Int), ("label", Folded), ("qty", Int), ("price", Decimal), ("made", Day)],
    ),
    ("parts", &["k", "n"], &[("k", Int), ("n", Int), ("qty", Int), ("price", Decimal), ("made", Day)]),
    ("lumped", &["id"], &[("id", Int), ("v", Int), ("w", Exact)]),
    ("nothing", &["k"], &[("k", Int), ("v", Int), ("w", Folded), ("x", Decimal)]),
    ("colors", &["id"], &[("id", Int), ("name", Folded), ("code", Exact), ("weight", Real)]),
    ("ledger", &["id"], &[("id", Int), ("k", Int), ("amount", Decimal), ("at", Moment)]),
    (
        "users",
        &["id"],
        &[
            ("id", Int),
            ("name", Folded),
            ("email", Exact),
            ("age", Int),
            ("balance", Decimal),
            ("born", Day),
            ("created", Moment),
            ("active", Int),
        ],
    ),
    (
        "orders",
        &["id"],
        &[
            ("id", Int),
            ("user_id", Int),
            ("product_id", Int),
            ("status", Choice),
            ("total", Decimal),
            ("placed", Moment),
        ],
    ),
    ("orders", &["id"], &[("id", Int), ("user_id", Int), ("product_id", Int), ("total", Decimal)]),
    (
        "order_items",
        &["id"],
        &[
            ("id", Int),
            ("order_id", Int),
            ("user_id", Int),
            ("product_id", Int),
            ("quantity", Int),
            ("price", Decimal),
        ],
    ),
];

const THINGS: Columns = &[
    ("k", Int),
    ("tiny", Int),
    ("utiny", Int),
    ("small", Int),
    ("usmall", Int),
    ("med", Int),
    ("umed", Int),
    ("num", Int),
    ("unum", Wide),
    ("big", Wide),
    ("ubig", Wide),
    ("huge", Huge),
    ("money", Decimal),
    ("flt", Real),
    ("dbl", Real),
    ("day", Day),
    ("moment", Moment),
    ("noon", Moment),
    ("stamp", Moment),
    ("span", Span),
    ("span0", Span),
    ("yr", Int),
    ("ch", Folded),
    ("ci", Folded),
    ("bn", Exact),
    ("ai", Folded),
    ("la", Folded),
    ("txt", Folded),
    ("blb", Bytes),
    ("bin4", Bytes),
    ("vbin", Bytes),
    ("en", Choice),
    ("tags", Choice),
];

/// A literal to compare a column of this kind with.
pub fn literal(random: &mut Random, kind: Kind) -> String {
    let from: &[&str] = match kind {
        Int => return random.range(-3, 30).to_string(),
        Wide => &["0", "1", "10", "9223372036854775807", "4294967295", "-1"],
        Decimal | Huge => &["0", "47.05", "-12.50", "100", "1.5", "0.125", "99.999"],
        Real => &["0", "0.25", "1.5", "-64", "2.5e0"],
        Day => &["'2024-02-29'", "'1999-12-31'", "'2020-06-01'", "DATE '1980-01-01'"],
        Moment => &["'2024-02-29 00:00:00'", "'2024-02-01 00:30:00.000001'", "'2020-01-15 12:00:00.123'"],
        Span => &["'00:00:00'", "'10:00:00'", "'12:30:45.123'", "'-00:00:01.5'"],
        Exact => &["'Bob'", "'bob'", "''", "'x'", "'zebra'", "'ärger'", "'User1@example.org'"],
        Folded => &["'bob'", "'BOLT'", "'Arger'", "'gear'", "''", "'red'", "'Zebra'"],
        Bytes => &["'a'", "x'00'", "''", "'ABC'", "'abcd'"],
        Choice => &["'Large'", "'small'", "'new'", "'a'", "'paid'"],
    };
    random.pick(from).to_owned()
}
