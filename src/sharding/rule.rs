//! A rule: key type, function and the map from parts to nodes, put together.

use super::function::Function;
use super::key::{Key, KeyType, Keys, Match, equal_integer, show};
use super::parts::Parts;
use super::{Nodes, Place};
use crate::base::ids::NodeId;
use crate::base::{Code, Error, Result, Value};

/// How a key's values are spread over nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    key: KeyType,
    function: Function,
    parts: Parts,
    /// The part of NULL keys; `None`: they have no place.
    null: Option<u32>,
}

impl Rule {
    /// Puts a rule together. `null` is the part of NULL keys for ranges, lists and intervals; hash and modulo have
    /// theirs in part 0 always. `Err` says what does not fit.
    pub fn new(key: KeyType, function: Function, parts: Parts, null: Option<u32>) -> Result<Self, String> {
        if function.parts() == 0 || parts.node_count() == 0 {
            return Err("a rule needs at least one part and one shard".into());
        }
        if parts.len() != function.parts() {
            return Err(format!("the map has {} parts, the algorithm {}", parts.len(), function.parts()));
        }
        match (&function, key) {
            (Function::Modulo { .. }, key) if key != KeyType::Integer => {
                return Err("modulo needs an integer key".into());
            }
            (Function::Interval(_), key) if !matches!(key, KeyType::Date | KeyType::Datetime) => {
                return Err("date intervals need a key of type date or datetime".into());
            }
            _ => {}
        }
        let null = function.null_part().or(null);
        if null.is_some_and(|part| part >= parts.len()) {
            return Err(format!("the part for NULL is beyond the last, {}", parts.len() - 1));
        }
        Ok(Self { key, function, parts, null })
    }

    /// Hash slots, evenly over nodes. At least one slot and one node.
    pub fn hash(key: KeyType, slots: u32, nodes: u16) -> Self {
        let (slots, nodes) = (slots.max(1), nodes.max(1));
        Self { key, function: Function::Hash { slots }, parts: Parts::even(slots, nodes), null: Some(0) }
    }

    /// The remainder of an integer key, evenly over nodes. At least one part and one node.
    pub fn modulo(divisor: u32, nodes: u16) -> Self {
        let (divisor, nodes) = (divisor.max(1), nodes.max(1));
        Self {
            key: KeyType::Integer,
            function: Function::Modulo { divisor },
            parts: Parts::even(divisor, nodes),
            null: Some(0),
        }
    }

    /// The same rule over another map; `Err` when that has another number of parts.
    pub fn with_parts(&self, parts: Parts) -> Result<Self, String> {
        Self::new(self.key, self.function.clone(), parts, self.null)
    }

    /// The key's type.
    pub fn key(&self) -> KeyType {
        self.key
    }

    /// How keys are cut into parts.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// The map from parts to nodes.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The part of NULL keys.
    pub fn null_part(&self) -> Option<u32> {
        self.null
    }

    /// Whether both cut keys into the same parts (over whatever nodes).
    pub fn same_parts(&self, other: &Rule) -> bool {
        self.key == other.key && self.function == other.function && self.null == other.null
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> u16 {
        self.parts.node_count()
    }

    /// Every node.
    pub fn all(&self) -> Nodes {
        (0..self.node_count()).map(NodeId).collect()
    }

    /// Where rows with `key = value` are, compared as MySQL compares a column of the key's type with `value`.
    pub fn find(&self, value: &Value) -> Place {
        match self.key.compared(value) {
            Match::Exactly(key) => self.node_of(&key).map_or(Place::Nowhere, Place::One),
            Match::Within(low, high) => self.node_within(&low, &high).map_or(Place::Unknown, Place::One),
            Match::Nothing => Place::Nowhere,
            Match::Unknown => Place::Unknown,
        }
    }

    /// Like [`Rule::find`], where the column stands alone against the value, by `=` or `<=>`, and not in a list.
    pub fn find_equal(&self, value: &Value) -> Place {
        match equal_integer(value).filter(|_| self.key == KeyType::Integer) {
            Some(number) => self.find(&number),
            None => self.find(value),
        }
    }

    /// Where rows with a NULL key are.
    pub fn find_null(&self) -> Place {
        self.null.and_then(|part| self.parts.node(part)).map_or(Place::Nowhere, Place::One)
    }

    /// Nodes that may hold keys between two bounds (a superset; `bool`: inclusive; `None`: open).
    pub fn find_range(&self, low: Option<(&Value, bool)>, high: Option<(&Value, bool)>) -> Nodes {
        match self.key.between(low, high) {
            Keys::Nothing => Vec::new(),
            Keys::Unknown => self.all(),
            Keys::Between(low, high) => match self.function.parts_between(low.as_ref(), high.as_ref()) {
                None => self.all(),
                Some(parts) => {
                    let mut nodes: Nodes = parts.into_iter().filter_map(|p| self.parts.node(p)).collect();
                    nodes.sort_unstable();
                    nodes.dedup();
                    nodes
                }
            },
        }
    }

    /// Where a row with this key is stored. A value that MySQL would convert in a way that cannot be told here
    /// exactly is refused with an error that says how to write it ([`Code::BadValue`]); so is a value beyond 64 bits
    /// ([`Code::OutOfRange`]) and one that the rule gives no place ([`Code::NoPartition`]).
    /// Where the column is known, ask [`Rule::store_in`] instead: narrow columns clip values.
    pub fn store(&self, value: &Value) -> Result<NodeId> {
        if matches!(value, Value::Null) {
            return self.null.and_then(|part| self.parts.node(part)).ok_or_else(|| no_partition(value));
        }
        match self.key.stored(value)? {
            Match::Exactly(key) => self.node_of(&key).ok_or_else(|| no_partition(value)),
            Match::Within(low, high) => self.node_within(&low, &high).ok_or_else(|| {
                let what = format!(
                    "{} as a sharding key: its fraction would be rounded by the column's precision, and the shard \
                     depends on how; write it without a fraction",
                    show(value)
                );
                Error::new(Code::BadValue, what)
            }),
            Match::Nothing | Match::Unknown => Err(no_partition(value)),
        }
    }

    /// The part of a stored value (its hash slot, for example); refusals as in [`Rule::store`].
    pub fn part_of(&self, value: &Value) -> Result<u32> {
        let part = match value {
            Value::Null => self.null,
            _ => match self.key.stored(value)? {
                Match::Exactly(key) => self.function.part(self.key, &key),
                _ => None,
            },
        };
        part.ok_or_else(|| no_partition(value))
    }

    /// The part in SQL, as a server computes it from a column: the hash slot, the remainder, or the number of the
    /// range, list or interval; NULL where a key has no place. Runs on MySQL and MariaDB under any `sql_mode`.
    pub fn sql_form(&self, column_sql: &str) -> String {
        let form = self.function.sql(self.key, column_sql);
        match (self.function.null_part(), self.null) {
            (Some(_), _) => form,
            (None, None) => format!("CASE WHEN {column_sql} IS NOT NULL THEN {form} END"),
            (None, Some(part)) => format!("CASE WHEN {column_sql} IS NULL THEN {part} ELSE {form} END"),
        }
    }

    /// The rule for a person: `crc32 over 1024 slots, integer key`.
    pub fn describe(&self) -> String {
        let function = match &self.function {
            Function::Hash { slots } => format!("crc32 over {slots} slots"),
            Function::Modulo { divisor } => format!("modulo {divisor}"),
            Function::Range { bounds } => format!("{} ranges", bounds.len() + 1),
            Function::List { parts, .. } => format!("{parts} lists"),
            Function::Interval(i) => format!("{} intervals of {} {}", i.parts, i.every, i.unit.name()),
        };
        format!("{function}, {} key", self.key.describe())
    }

    fn node_of(&self, key: &Key<'_>) -> Option<NodeId> {
        self.parts.node(self.function.part(self.key, key)?)
    }

    /// The node of all keys between two neighbours, if it is one.
    fn node_within(&self, low: &Key<'_>, high: &Key<'_>) -> Option<NodeId> {
        let (first, last) = (self.node_of(low)?, self.node_of(high)?);
        (self.function.is_ordered() && first == last).then_some(first)
    }
}

fn no_partition(value: &Value) -> Error {
    Error::new(Code::NoPartition, format!("Table has no shard for sharding key {}", show(value)))
}
