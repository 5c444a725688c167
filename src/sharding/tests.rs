//! Rules without a server: placement of single values, ranges, refusals. Equality with real servers is tested in
//! `tests/it/sharding.rs`.

use super::*;
use crate::base::{Code, Value};

fn str(text: &str) -> Value {
    Value::Str(text.as_bytes().to_vec())
}

#[test]
fn integers_hash_by_their_digits() {
    let rule = Rule::hash(KeyType::Integer, 1024, 4);
    // SELECT CRC32(1) % 1024, CRC32(-1) % 1024, CRC32(18446744073709551615) % 1024 on MySQL 9.7.
    assert_eq!(rule.part_of(&Value::Int(1)), Ok(crc32fast::hash(b"1") % 1024));
    assert_eq!(rule.part_of(&Value::Int(-1)), Ok(crc32fast::hash(b"-1") % 1024));
    assert_eq!(rule.part_of(&Value::UInt(u64::MAX)), Ok(crc32fast::hash(b"18446744073709551615") % 1024));
    assert_eq!(rule.part_of(&Value::Int(i64::MIN)), Ok(crc32fast::hash(b"-9223372036854775808") % 1024));
    assert_eq!(rule.store(&Value::Null), Ok(crate::base::ids::NodeId(0)));
    assert_eq!(rule.sql_form("`t`.`id`"), "COALESCE(CRC32(`t`.`id`), 0) % 1024");
}

#[test]
fn comparisons_of_integer_keys() {
    let rule = Rule::modulo(4, 4);
    let one = |n: u16| Place::One(crate::base::ids::NodeId(n));
    for (value, wanted) in [
        (Value::Int(5), one(1)),
        (Value::Int(-1), one(3)),
        (Value::Decimal("6.00".into()), one(2)),
        (Value::Decimal("6.01".into()), Place::Nowhere),
        (Value::Decimal("99999999999999999999".into()), Place::Nowhere),
        (Value::Double(7.0), one(3)),
        (Value::Double(7.5), Place::Nowhere),
        (Value::Double(1e18), Place::Unknown),
        (str("5"), one(1)),
        (str("05"), Place::Unknown),
        (str("5abc"), Place::Unknown),
        (str("9007199254740993"), Place::Unknown),
        (Value::Bytes(vec![5]), Place::Unknown),
        (Value::Null, Place::Nowhere),
    ] {
        assert_eq!(rule.find(&value), wanted, "{value:?}");
    }
}

#[test]
fn stores_convert_or_are_refused() {
    let rule = Rule::modulo(8, 8);
    let node = |value: Value| rule.store(&value).map(|n| n.0);
    assert_eq!(node(Value::Decimal("2.5".into())), Ok(3));
    assert_eq!(node(Value::Decimal("-2.5".into())), Ok(5));
    assert_eq!(node(str("12")), Ok(4));
    for (value, code) in [
        (str("12 "), Code::NotSupported),
        (Value::Double(2.5), Code::NotSupported),
        (Value::Bytes(vec![1]), Code::NotSupported),
        (Value::Decimal("18446744073709551615.5".into()), Code::OutOfRange),
        (Value::Date("2024-01-01".into()), Code::NotSupported),
    ] {
        assert!(rule.store(&value).is_err_and(|e| e.is(code)), "{value:?}");
    }
}

#[test]
fn ranges_of_integers_are_narrowed() {
    let rule = Rule::modulo(4, 4);
    let nodes = |low: Value, high: Value| -> Vec<u16> {
        rule.find_range(Some((&low, true)), Some((&high, false))).into_iter().map(|n| n.0).collect()
    };
    assert_eq!(nodes(Value::Int(5), Value::Int(7)), [1, 2]);
    assert_eq!(nodes(Value::Decimal("5.5".into()), Value::Int(8)), [2, 3]);
    assert_eq!(nodes(Value::Int(5), Value::Int(500)), [0, 1, 2, 3]);
    assert_eq!(nodes(Value::Int(7), Value::Int(5)), [0u16; 0]);
    assert_eq!(nodes(Value::Null, Value::Int(5)), [0u16; 0]);
    assert_eq!(nodes(str("x"), Value::Int(5)), [0, 1, 2, 3]);
    assert_eq!(rule.find_range(None, None), rule.all());
}

#[test]
fn strings_with_trailing_spaces_share_a_slot() {
    let rule = Rule::hash(KeyType::String(Charset::Utf8mb4), 1024, 4);
    assert_eq!(rule.find(&str("bob")), rule.find(&str("bob  ")));
    assert_eq!(rule.find(&Value::Int(5)), Place::Unknown);
    assert_eq!(rule.part_of(&Value::Int(5)), rule.part_of(&str("5")));
    assert!(rule.store(&Value::Str(vec![0xFF])).is_err());
    let latin = Rule::hash(KeyType::String(Charset::Latin1), 1024, 4);
    assert!(latin.store(&str("é€")).is_ok());
    assert!(latin.store(&str("日")).is_err());
    assert_eq!(latin.find(&str("日")), Place::Unknown);
}

#[test]
fn months_have_their_nodes() {
    let start = moment::Moment::parse(b"2024-01-01").unwrap();
    let interval = Interval { unit: Unit::Month, every: 1, start, parts: 3, wrap: false };
    let rule = Rule::new(KeyType::Datetime, Function::Interval(interval), Parts::even(3, 3), None).unwrap();
    let node = |text: &str| rule.store(&str(text)).map(|n| n.0);
    assert_eq!(node("2024-02-29 23:59:59"), Ok(1));
    assert_eq!(node("2024-02-29 23:59:58.7"), Ok(1));
    assert!(node("2024-02-29 23:59:59.7").is_err_and(|e| e.is(Code::BadValue) || e.is(Code::NotSupported)));
    assert!(node("2024-04-01").is_err_and(|e| e.is(Code::NoPartition)));
    assert!(node("2024-2-1").is_err_and(|e| e.is(Code::BadValue) || e.is(Code::NotSupported)));
    assert_eq!(rule.find(&str("2023-12-31")), Place::Nowhere);
    let low = str("2024-02-10");
    assert_eq!(rule.find_range(Some((&low, true)), None).len(), 2);
}
