//! How the rows that shards answer become one answer: what the planner decides and the merge room does.
//! Plain data. The texts of the hidden columns that a merge relies on are made here too, because both sides of that
//! contract must change together.

use serde::{Deserialize, Serialize};

/// A column of a shard's row. Hidden columns stand after all visible ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Col {
    /// The client's column with this number, from 0.
    Visible(usize),
    /// The hidden column with this number, from 0 after the last visible one.
    Hidden(usize),
}

/// How to compare rows by one expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The value, compared natively by its column's type. ENUM, SET and (in text form) FLOAT, FLOAT(m,d) and
    /// DOUBLE(m,d) cannot be compared by what the client sees of them: the planner gives a hidden `(x)+0`, for the latter
    /// `(x)+0e0`, here.
    pub value: Col,
    /// For character strings: a column that holds [`weight_sql`] of the value. Not looked at for other types.
    pub weight: Option<Col>,
    /// Largest first. NULL is the smallest value.
    pub descending: bool,
}

/// How the partial aggregates of one group become its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fold {
    /// The same in all rows of the group: the first one's.
    First(Col),
    /// The sum of counts. Never NULL.
    Count(Col),
    /// The sum of the sums that are not NULL.
    Sum(Col),
    /// The smallest that is not NULL.
    Min {
        /// The shard's MIN.
        value: Col,
        /// [`weight_sql`] of it, for character strings.
        weight: Option<Col>,
    },
    /// The largest that is not NULL.
    Max {
        /// The shard's MAX.
        value: Col,
        /// [`weight_sql`] of it, for character strings.
        weight: Option<Col>,
    },
    /// The sum of the sums through the sum of the counts.
    Avg {
        /// The shard's AVG: only its definition is used, which gives type and scale.
        value: Col,
        /// The shard's SUM of the same expression; `SUM((x)+0e0)` where that is FLOAT(m,d) or DOUBLE(m,d).
        sum: Col,
        /// The shard's COUNT of the same expression.
        count: Col,
    },
    /// Bitwise and, 64 bits.
    BitAnd(Col),
    /// Bitwise or, 64 bits.
    BitOr(Col),
    /// Bitwise exclusive or, 64 bits.
    BitXor(Col),
    /// An aggregate of DISTINCT values: of rows that `within` does not tell apart one counts.
    Once(Box<Fold>),
}

/// What is done with the streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// All rows, in any order.
    Concat,
    /// Each stream arrives sorted by `keys`, and so does the answer. Equal rows come in the order of the streams.
    Sorted {
        /// What they are sorted by.
        keys: Vec<Key>,
    },
    /// Each stream arrives sorted by `keys`, then by `within`; rows with equal `keys` become one.
    Group {
        /// What makes a group. None: one group of everything.
        keys: Vec<Key>,
        /// The values that [`Fold::Once`] takes once each: a stream has one row of each in a group.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        within: Vec<Key>,
        /// The column to replace (a hidden one where `order` needs it) and how. Other columns keep what the group's
        /// first row has.
        folds: Vec<(Col, Fold)>,
        /// The order of the groups in the answer, by their folded values; a weight that a MIN or MAX names follows its value.
        order: Vec<Key>,
        /// The order of the streams is already `order`: groups go out as they come.
        order_is_group_prefix: bool,
    },
    /// Each stream arrives sorted by `keys`; of rows with equal keys the first remains.
    Distinct {
        /// What makes rows equal.
        keys: Vec<Key>,
    },
}

/// How N streams of rows become one. OFFSET and LIMIT are given at run time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Columns at the end of each row that the client does not see.
    pub hidden: usize,
    /// What is done.
    pub step: Step,
}

/// The text of the hidden column that orders and equates character strings as the server does, for any collation
/// and without knowing it: the weights of `expr`, then the weight of one space under its collation when that pads
/// (`PAD SPACE`), then that weight's length as one byte. NULL when `expr` is.
///
/// WEIGHT_STRING alone is not enough: in a padding collation `'a\t' < 'a' = 'a '`, and the weights of neither are
/// cut or padded (measured on MariaDB 10.11 and MySQL 9.7 over all their collations). The collation cannot be had from
/// the column definition, which names the connection's character set. In a grouped statement wrap it as `MAX(…)`:
/// ONLY_FULL_GROUP_BY does not see that it depends on the group's expression only.
pub fn weight_sql(expr: &str) -> String {
    let space = format!("CONCAT(LEFT({expr},0),' ')");
    format!(
        "CONCAT(WEIGHT_STRING({expr}),IF({space}=LEFT({expr},0),\
         CONCAT(WEIGHT_STRING({space}),CHAR(LENGTH(WEIGHT_STRING({space})))),CHAR(0)))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_is_null_with_its_value_and_self_describing() {
        assert_eq!(
            weight_sql("c"),
            "CONCAT(WEIGHT_STRING(c),IF(CONCAT(LEFT(c,0),' ')=LEFT(c,0),CONCAT(WEIGHT_STRING(CONCAT(LEFT(c,0),' ')),\
             CHAR(LENGTH(WEIGHT_STRING(CONCAT(LEFT(c,0),' '))))),CHAR(0)))"
        );
    }

    #[test]
    fn prints_as_json() {
        let merge = Merge {
            hidden: 1,
            step: Step::Sorted {
                keys: vec![Key { value: Col::Visible(0), weight: Some(Col::Hidden(0)), descending: true }],
            },
        };
        let text = serde_json::to_string(&merge).unwrap();
        assert_eq!(serde_json::from_str::<Merge>(&text).unwrap(), merge);
    }
}
