//! Word lists of MySQL and MariaDB that lexer-level readers go by.

use super::literal::LiteralKind;

fn any(word: &[u8], list: &[&str]) -> bool {
    list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// First words of statements whose literals become `?`.
pub(super) fn has_literals(word: &[u8]) -> bool {
    matches!(word.len(), 2..=7)
        && matches!(
            word[0] | 0x20,
            b's' | b'i' | b'u' | b'd' | b'r' | b'w' | b'v' | b't' | b'c' | b'k' | b'p'
        )
        && any(
            word,
            &[
                "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES", "TABLE", "CALL", "DO",
                "KILL", "PREPARE",
            ],
        )
}

/// First words that explain another statement.
pub(super) fn is_explain(word: &[u8]) -> bool {
    any(word, &["EXPLAIN", "DESCRIBE", "DESC"])
}

/// Words that end an ORDER BY or GROUP BY list at their depth.
pub(super) fn ends_by_list(word: &[u8]) -> bool {
    any(
        word,
        &[
            "LIMIT", "HAVING", "SELECT", "WINDOW", "FOR", "INTO", "UNION", "EXCEPT", "ROWS", "RANGE", "WITH",
            "LOCK",
        ],
    )
}

/// Type names that take a length in parentheses.
pub(super) fn has_length(word: &[u8]) -> bool {
    matches!(word.len(), 3..=9)
        && matches!(word[0] | 0x20, b'c' | b'v' | b'n' | b'b' | b'd' | b'f' | b't')
        && any(
            word,
            &[
                "CHAR",
                "VARCHAR",
                "NCHAR",
                "BINARY",
                "VARBINARY",
                "DECIMAL",
                "DEC",
                "NUMERIC",
                "FLOAT",
                "DOUBLE",
                "DATETIME",
                "TIME",
            ],
        )
}

/// Words before `'…'` that make a temporal literal.
pub(super) fn is_temporal(word: &[u8]) -> bool {
    matches!(word.len(), 4 | 9) && any(word, &["DATE", "TIME", "TIMESTAMP"])
}

/// Introducers after which a string's bytes are known to mean what they say.
pub(super) fn introducer(word: &[u8]) -> Option<LiteralKind> {
    if word.eq_ignore_ascii_case(b"_binary") {
        Some(LiteralKind::Binary)
    } else if any(word, &["_utf8mb4", "_utf8", "_utf8mb3"]) {
        Some(LiteralKind::Str)
    } else {
        None
    }
}

/// Words after which a string is an operand; after other words it is an alias or belongs to a clause that wants a
/// literal.
pub(super) fn before_operand(word: &[u8]) -> bool {
    any(
        word,
        &[
            "AND",
            "OR",
            "XOR",
            "NOT",
            "LIKE",
            "IN",
            "BETWEEN",
            "SELECT",
            "WHERE",
            "WHEN",
            "THEN",
            "ELSE",
            "CASE",
            "ON",
            "HAVING",
            "BY",
            "SET",
            "VALUES",
            "VALUE",
            "ROW",
            "DIV",
            "MOD",
            "REGEXP",
            "RLIKE",
            "BINARY",
            "DISTINCT",
            "DISTINCTROW",
            "ALL",
            "INTERVAL",
            "FROM",
            "LEADING",
            "TRAILING",
            "BOTH",
            "FOR",
            "SQL_NO_CACHE",
            "SQL_CALC_FOUND_ROWS",
            "STRAIGHT_JOIN",
            "HIGH_PRIORITY",
            "SQL_CACHE",
            "SQL_BUFFER_RESULT",
            "SQL_SMALL_RESULT",
            "SQL_BIG_RESULT",
            "DO",
            "RETURNING",
        ],
    )
}

/// Words that cannot be an alias or a name without quotes, because they are reserved in MySQL 8 or MariaDB, or because
/// a clause may start with them where an alias could stand.
pub(super) fn is_reserved(word: &[u8]) -> bool {
    if !(2..=19).contains(&word.len()) {
        return false;
    }
    RESERVED.binary_search_by(|w| compare(w.as_bytes(), word)).is_ok()
}

fn compare(upper: &[u8], word: &[u8]) -> std::cmp::Ordering {
    upper.iter().copied().cmp(word.iter().map(u8::to_ascii_uppercase))
}

/// Reserved words that are also functions.
pub(super) fn is_reserved_function(word: &[u8]) -> bool {
    any(
        word,
        &[
            "CHAR",
            "CONVERT",
            "DATABASE",
            "SCHEMA",
            "DEFAULT",
            "IF",
            "INSERT",
            "INTERVAL",
            "LEFT",
            "RIGHT",
            "MOD",
            "REPEAT",
            "REPLACE",
            "VALUES",
            "MATCH",
            "CURRENT_DATE",
            "CURRENT_TIME",
            "CURRENT_TIMESTAMP",
            "CURRENT_USER",
            "UTC_DATE",
            "UTC_TIME",
            "UTC_TIMESTAMP",
            "LOCALTIME",
            "LOCALTIMESTAMP",
        ],
    )
}

/// Sorted by bytes.
const RESERVED: &[&str] = &[
    "ACCESSIBLE",
    "ADD",
    "ALL",
    "ALTER",
    "ANALYZE",
    "AND",
    "AS",
    "ASC",
    "ASENSITIVE",
    "BEFORE",
    "BETWEEN",
    "BIGINT",
    "BINARY",
    "BLOB",
    "BOTH",
    "BY",
    "CALL",
    "CASCADE",
    "CASE",
    "CHANGE",
    "CHAR",
    "CHARACTER",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "CONDITION",
    "CONSTRAINT",
    "CONTINUE",
    "CONVERT",
    "CREATE",
    "CROSS",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "CURSOR",
    "DATABASE",
    "DATABASES",
    "DAY_HOUR",
    "DAY_MICROSECOND",
    "DAY_MINUTE",
    "DAY_SECOND",
    "DEC",
    "DECIMAL",
    "DECLARE",
    "DEFAULT",
    "DELAYED",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DETERMINISTIC",
    "DISTINCT",
    "DISTINCTROW",
    "DIV",
    "DOUBLE",
    "DROP",
    "DUAL",
    "EACH",
    "ELSE",
    "ELSEIF",
    "ENCLOSED",
    "ESCAPED",
    "EXCEPT",
    "EXISTS",
    "EXIT",
    "EXPLAIN",
    "FALSE",
    "FETCH",
    "FLOAT",
    "FLOAT4",
    "FLOAT8",
    "FOR",
    "FORCE",
    "FOREIGN",
    "FROM",
    "FULLTEXT",
    "GRANT",
    "GROUP",
    "HAVING",
    "HIGH_PRIORITY",
    "HOUR_MICROSECOND",
    "HOUR_MINUTE",
    "HOUR_SECOND",
    "IF",
    "IGNORE",
    "IN",
    "INDEX",
    "INFILE",
    "INNER",
    "INOUT",
    "INSENSITIVE",
    "INSERT",
    "INT",
    "INT1",
    "INT2",
    "INT3",
    "INT4",
    "INT8",
    "INTEGER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "ITERATE",
    "JOIN",
    "KEY",
    "KEYS",
    "KILL",
    "LEADING",
    "LEAVE",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LINEAR",
    "LINES",
    "LOAD",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "LOCK",
    "LONG",
    "LONGBLOB",
    "LONGTEXT",
    "LOOP",
    "LOW_PRIORITY",
    "MATCH",
    "MAXVALUE",
    "MEDIUMBLOB",
    "MEDIUMINT",
    "MEDIUMTEXT",
    "MIDDLEINT",
    "MINUTE_MICROSECOND",
    "MINUTE_SECOND",
    "MOD",
    "MODIFIES",
    "NATURAL",
    "NOT",
    "NO_WRITE_TO_BINLOG",
    "NULL",
    "NUMERIC",
    "ON",
    "OPTIMIZE",
    "OPTION",
    "OPTIONALLY",
    "OR",
    "ORDER",
    "OUT",
    "OUTER",
    "OUTFILE",
    "OVER",
    "PARTITION",
    "PRECISION",
    "PRIMARY",
    "PROCEDURE",
    "PURGE",
    "RANGE",
    "READ",
    "READS",
    "READ_WRITE",
    "REAL",
    "RECURSIVE",
    "REFERENCES",
    "REGEXP",
    "RELEASE",
    "RENAME",
    "REPEAT",
    "REPLACE",
    "REQUIRE",
    "RESIGNAL",
    "RESTRICT",
    "RETURN",
    "RETURNING",
    "REVOKE",
    "RIGHT",
    "RLIKE",
    "SCHEMA",
    "SCHEMAS",
    "SECOND_MICROSECOND",
    "SELECT",
    "SENSITIVE",
    "SEPARATOR",
    "SET",
    "SHOW",
    "SIGNAL",
    "SMALLINT",
    "SPATIAL",
    "SPECIFIC",
    "SQL",
    "SQLEXCEPTION",
    "SQLSTATE",
    "SQLWARNING",
    "SQL_BIG_RESULT",
    "SQL_CALC_FOUND_ROWS",
    "SQL_SMALL_RESULT",
    "SSL",
    "STARTING",
    "STRAIGHT_JOIN",
    "TABLE",
    "TERMINATED",
    "THEN",
    "TINYBLOB",
    "TINYINT",
    "TINYTEXT",
    "TO",
    "TRAILING",
    "TRIGGER",
    "TRUE",
    "UNDO",
    "UNION",
    "UNIQUE",
    "UNLOCK",
    "UNSIGNED",
    "UPDATE",
    "USAGE",
    "USE",
    "USING",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
    "VALUES",
    "VARBINARY",
    "VARCHAR",
    "VARCHARACTER",
    "VARYING",
    "WHEN",
    "WHERE",
    "WHILE",
    "WINDOW",
    "WITH",
    "WRITE",
    "XOR",
    "YEAR_MONTH",
    "ZEROFILL",
];

/// Units of INTERVAL, EXTRACT and TIMESTAMPADD.
pub(super) fn is_unit(word: &[u8]) -> bool {
    any(
        word,
        &[
            "MICROSECOND",
            "SECOND",
            "MINUTE",
            "HOUR",
            "DAY",
            "WEEK",
            "MONTH",
            "QUARTER",
            "YEAR",
            "SECOND_MICROSECOND",
            "MINUTE_MICROSECOND",
            "MINUTE_SECOND",
            "HOUR_MICROSECOND",
            "HOUR_SECOND",
            "HOUR_MINUTE",
            "DAY_MICROSECOND",
            "DAY_SECOND",
            "DAY_MINUTE",
            "DAY_HOUR",
            "YEAR_MONTH",
        ],
    ) || (word.len() > 8 && word[..8].eq_ignore_ascii_case(b"SQL_TSI_"))
}

/// Functions that an upper room acts on (see `Statement::functions`).
pub(super) fn is_session_function(upper: &str) -> bool {
    matches!(
        upper,
        "LAST_INSERT_ID"
            | "FOUND_ROWS"
            | "ROW_COUNT"
            | "CONNECTION_ID"
            | "DATABASE"
            | "SCHEMA"
            | "USER"
            | "CURRENT_USER"
            | "CURRENT_ROLE"
            | "SESSION_USER"
            | "SYSTEM_USER"
            | "GET_LOCK"
            | "RELEASE_LOCK"
            | "RELEASE_ALL_LOCKS"
            | "IS_FREE_LOCK"
            | "IS_USED_LOCK"
            | "RAND"
            | "UUID"
            | "UUID_SHORT"
            | "SLEEP"
            | "NEXTVAL"
            | "LASTVAL"
            | "SETVAL"
            | "SHARDGATE_NEXT_ID"
    )
}

/// Aggregate functions of MySQL and MariaDB other than those with a variant of their own.
pub(super) fn is_other_aggregate(upper: &str) -> bool {
    matches!(
        upper,
        "GROUP_CONCAT"
            | "STD"
            | "STDDEV"
            | "STDDEV_POP"
            | "STDDEV_SAMP"
            | "VARIANCE"
            | "VAR_POP"
            | "VAR_SAMP"
            | "JSON_ARRAYAGG"
            | "JSON_OBJECTAGG"
            | "ST_COLLECT"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
        assert!(is_reserved(b"where") && is_reserved(b"STRAIGHT_JOIN") && !is_reserved(b"status"));
        assert!(RESERVED.iter().all(|w| is_reserved(w.as_bytes())));
    }
}
