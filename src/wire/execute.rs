//! The body of COM_STMT_EXECUTE: parameters decoded, re-encoded, and passed on as bytes (MySQL source docs,
//! "COM_STMT_EXECUTE"). Values are located at once and decoded one by one when asked for: routing looks at few of them.

use std::ops::Range;

use smallvec::SmallVec;

use super::binary::{self, WireType};
use super::command::{byte, put_execute_head};
use super::kind;
use super::primitives::{put_lenenc_str, take};
use crate::base::{Code, Error, Origin, Result, Value};

/// What SEND_LONG_DATA collected for one statement, until the next EXECUTE or RESET.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LongData(Vec<Option<Vec<u8>>>);

impl LongData {
    /// Appends to a parameter's data.
    pub fn append(&mut self, param: u16, data: &[u8]) {
        let param = usize::from(param);
        if self.0.len() <= param {
            self.0.resize(param + 1, None);
        }
        if let Some(slot) = self.0.get_mut(param) {
            slot.get_or_insert_default().extend_from_slice(data);
        }
    }

    /// A parameter's data, if any was sent (it may be empty).
    pub fn get(&self, param: usize) -> Option<&[u8]> {
        self.0.get(param)?.as_deref()
    }

    /// Bytes held, for a limit.
    pub fn bytes(&self) -> usize {
        self.0.iter().flatten().map(Vec::len).sum()
    }

    /// Whether no parameter has data.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Null,
    Long,
    At(Range<usize>),
}

/// The parameters of one EXECUTE, located in its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params<'a> {
    body: &'a [u8],
    cells: SmallVec<[Cell; 8]>,
    types: &'a [WireType],
    long: &'a LongData,
    new_types: bool,
}

impl<'a> Params<'a> {
    /// Locates `count` parameters in a body. `remembered` holds the types of the last EXECUTE that bound any, and takes
    /// the new ones when this one does. Errors: 1835 for bytes that end early or are left over, 1210 for types never
    /// bound or not known.
    pub fn decode(
        body: &'a [u8],
        count: usize,
        remembered: &'a mut Vec<WireType>,
        long: &'a LongData,
    ) -> Result<Params<'a>> {
        if count == 0 {
            return Ok(Self { body, cells: SmallVec::new(), types: &[], long, new_types: false });
        }
        let mut buf = body;
        let nulls = take(&mut buf, count.div_ceil(8)).ok_or_else(malformed)?;
        let new_types = take(&mut buf, 1).ok_or_else(malformed)? != [0];
        if new_types {
            let types = take(&mut buf, 2 * count).ok_or_else(malformed)?;
            remembered.clear();
            remembered
                .extend(types.chunks_exact(2).map(|t| WireType { kind: t[0], unsigned: t[1] & 0x80 != 0 }));
        }
        if remembered.len() != count {
            return Err(wrong(
                "Incorrect arguments to mysqld_stmt_execute: the parameters' types were never bound",
            ));
        }
        let types: &'a [WireType] = remembered;
        let mut cells = SmallVec::with_capacity(count);
        for (i, wire) in types.iter().enumerate() {
            let null = nulls.get(i / 8).is_some_and(|byte| byte & (1 << (i % 8)) != 0);
            cells.push(if long.get(i).is_some() {
                Cell::Long
            } else if null || wire.kind == kind::NULL {
                Cell::Null
            } else {
                let start = body.len() - buf.len();
                if binary::take_value(&mut buf, wire.kind).is_none() {
                    return Err(if known(wire.kind) {
                        malformed()
                    } else {
                        wrong(&format!("Incorrect arguments to mysqld_stmt_execute: parameter {i} has the unknown type {}", wire.kind))
                    });
                }
                Cell::At(start..body.len() - buf.len())
            });
        }
        if buf.is_empty() { Ok(Self { body, cells, types, long, new_types }) } else { Err(malformed()) }
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A parameter's wire type.
    pub fn wire_type(&self, i: usize) -> Option<WireType> {
        self.types.get(i).copied()
    }

    /// A parameter's value. Errors: 1210 for a number that is none of the parameters', and for bytes that are no value of
    /// the type.
    pub fn value(&self, i: usize) -> Result<Value> {
        let (Some(cell), Some(&wire)) = (self.cells.get(i), self.types.get(i)) else {
            return Err(wrong(&format!("There is no parameter {i}")));
        };
        let value = match cell {
            Cell::Null => Some(Value::Null),
            Cell::Long => self.long.get(i).map(|data| long_value(wire, data)),
            Cell::At(span) => self.body.get(span.clone()).and_then(|bytes| binary::read_value(wire, bytes)),
        };
        value.ok_or_else(|| wrong(&format!("Incorrect value for parameter {i} of the prepared statement")))
    }

    /// All values.
    pub fn values(&self) -> Result<Vec<Value>> {
        (0..self.len()).map(|i| self.value(i)).collect()
    }

    /// Where a parameter's bytes (length in front included) stand in the body; `None` for NULL and for long data.
    pub fn span(&self, i: usize) -> Option<Range<usize>> {
        match self.cells.get(i)? {
            Cell::At(span) => Some(span.clone()),
            _ => None,
        }
    }

    /// Appends a whole EXECUTE command with the same parameters for another statement id: a plain copy of the body where
    /// that says all, else with types written out and long data put in line, so that it stands for itself.
    pub fn put_execute(&self, out: &mut Vec<u8>, id: u32, flags: u8) {
        out.push(byte::STMT_EXECUTE);
        put_execute_head(out, id, flags);
        if (self.new_types && self.long.is_empty()) || self.cells.is_empty() {
            out.extend_from_slice(self.body);
            return;
        }
        put_nulls(out, self.cells.iter().map(|cell| *cell == Cell::Null));
        out.push(1);
        for (wire, cell) in self.types.iter().zip(&self.cells) {
            put_type(out, if *cell == Cell::Long { long_type(*wire) } else { *wire });
        }
        for (i, cell) in self.cells.iter().enumerate() {
            match cell {
                Cell::Null => {}
                Cell::Long => put_lenenc_str(out, self.long.get(i).unwrap_or_default()),
                Cell::At(span) => out.extend_from_slice(self.body.get(span.clone()).unwrap_or_default()),
            }
        }
    }
}

/// Appends a whole EXECUTE command for these values. A value that its type cannot carry goes as the type it has by
/// itself; a date that is not canonical goes as a string.
pub fn put_execute(out: &mut Vec<u8>, id: u32, flags: u8, params: &[(WireType, Value)]) {
    out.push(byte::STMT_EXECUTE);
    put_execute_head(out, id, flags);
    if params.is_empty() {
        return;
    }
    put_nulls(out, params.iter().map(|(_, value)| *value == Value::Null));
    out.push(1);
    let mut values = Vec::new();
    for (wire, value) in params {
        put_type(out, put_any(&mut values, *wire, value));
    }
    out.extend_from_slice(&values);
}

fn put_any(values: &mut Vec<u8>, wire: WireType, value: &Value) -> WireType {
    if *value == Value::Null {
        return wire;
    }
    for wire in [wire, WireType::of(value)] {
        if binary::put_value(values, wire, value).is_some() {
            return wire;
        }
    }
    put_lenenc_str(values, &text(value));
    WireType::signed(kind::VAR_STRING)
}

/// A value as the text that MySQL would print for it. Doubles are printed with as many digits as tell them apart.
pub fn text(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::Int(int) => int.to_string().into_bytes(),
        Value::UInt(int) => int.to_string().into_bytes(),
        Value::Double(double) => double.to_string().into_bytes(),
        Value::Decimal(text) | Value::Date(text) | Value::Time(text) => text.clone().into_bytes(),
        Value::Str(bytes) | Value::Bytes(bytes) => bytes.clone(),
    }
}

fn long_type(wire: WireType) -> WireType {
    if binary::is_text(wire.kind) { wire } else { WireType::signed(kind::VAR_STRING) }
}

fn long_value(wire: WireType, data: &[u8]) -> Value {
    binary::text_value(long_type(wire).kind, data)
}

fn put_nulls(out: &mut Vec<u8>, nulls: impl ExactSizeIterator<Item = bool>) {
    let start = out.len();
    out.resize(start + nulls.len().div_ceil(8), 0);
    for (i, null) in nulls.enumerate() {
        if let Some(byte) = out.get_mut(start + i / 8) {
            *byte |= u8::from(null) << (i % 8);
        }
    }
}

fn put_type(out: &mut Vec<u8>, wire: WireType) {
    out.push(wire.kind);
    out.push(if wire.unsigned { 0x80 } else { 0 });
}

fn known(kind: u8) -> bool {
    kind <= kind::NEWDATE || binary::is_text(kind)
}

fn malformed() -> Error {
    Error { origin: Origin::Client, ..Error::new(Code::MalformedPacket, "Malformed communication packet") }
}

fn wrong(message: &str) -> Error {
    Error { origin: Origin::Client, ..Error::new(Code::WrongArguments, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::command::Command;
    use proptest::prelude::*;

    fn body(command: &[u8]) -> &[u8] {
        match Command::decode(command).unwrap() {
            Command::Execute(execute) => {
                assert_eq!((execute.id, execute.flags), (9, 0));
                execute.body
            }
            other => panic!("{other:?}"),
        }
    }

    fn sample() -> Vec<(WireType, Value)> {
        vec![
            (WireType::signed(kind::LONG), Value::Int(-5)),
            (WireType::signed(kind::VAR_STRING), Value::Null),
            (WireType { kind: kind::LONGLONG, unsigned: true }, Value::UInt(u64::MAX)),
            (WireType::signed(kind::VAR_STRING), Value::Str(b"Bob".to_vec())),
            (WireType::signed(kind::FLOAT), Value::Double(f64::from(0.1f32))),
            (WireType::signed(kind::DATETIME), Value::Date("2024-01-02 03:04:05.000600".into())),
            (WireType::signed(kind::NULL), Value::Null),
            (WireType::signed(kind::TIME), Value::Time("-01:00:00".into())),
            (WireType::signed(kind::BLOB), Value::Bytes(vec![0; 300])),
        ]
    }

    #[test]
    fn parameters_come_back_and_types_are_remembered() {
        let (params, long, mut types, mut out) = (sample(), LongData::default(), Vec::new(), Vec::new());
        put_execute(&mut out, 9, 0, &params);
        let want: Vec<Value> = params.iter().map(|(_, value)| value.clone()).collect();
        assert_eq!(Params::decode(body(&out), 9, &mut types, &long).unwrap().values().unwrap(), want);
        // The same without types.
        let mut again = Vec::from(&body(&out)[..2]);
        again.push(0);
        again.extend_from_slice(&body(&out)[2 + 1 + 18..]);
        let params = Params::decode(&again, 9, &mut types, &long).unwrap();
        assert_eq!(params.values().unwrap(), want);
        assert_eq!(params.value(9).unwrap_err().errno, 1210);
        // Passed on, it has them.
        let mut passed = Vec::new();
        params.put_execute(&mut passed, 9, 0);
        assert_eq!(passed, out);
        assert_eq!(Params::decode(&again, 9, &mut Vec::new(), &long).unwrap_err().errno, 1210);
        assert_eq!(Params::decode(&again[..again.len() - 1], 9, &mut types, &long).unwrap_err().errno, 1835);
        again.push(0);
        assert_eq!(Params::decode(&again, 9, &mut types, &long).unwrap_err().errno, 1835);
    }

    #[test]
    fn long_data_takes_the_place_of_a_value() {
        let mut long = LongData::default();
        long.append(1, b"ab");
        long.append(1, b"cd");
        // Two parameters: 1 as TINY, long data as BLOB.
        let bytes = [0, 1, kind::TINY, 0, kind::BLOB, 0, 7];
        let (mut types, mut out) = (Vec::new(), Vec::new());
        let params = Params::decode(&bytes, 2, &mut types, &long).unwrap();
        let want = [Value::Int(7), Value::Bytes(b"abcd".to_vec())];
        assert_eq!(params.values().unwrap(), want);
        params.put_execute(&mut out, 9, 0);
        let none = LongData::default();
        assert_eq!(Params::decode(body(&out), 2, &mut Vec::new(), &none).unwrap().values().unwrap(), want);
    }

    #[test]
    fn values_that_do_not_fit_go_as_what_they_are() {
        let mut out = Vec::new();
        let params = [
            (WireType::signed(kind::TINY), Value::Int(300)),
            (WireType::signed(kind::FLOAT), Value::Double(0.1)),
            (WireType::signed(kind::DATE), Value::Date("yesterday".into())),
        ];
        put_execute(&mut out, 9, 0, &params);
        let (mut types, long) = (Vec::new(), LongData::default());
        let values = Params::decode(body(&out), 3, &mut types, &long).unwrap().values().unwrap();
        assert_eq!(values, [Value::Int(300), Value::Double(0.1), Value::Str(b"yesterday".to_vec())]);
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_do_not(bytes: Vec<u8>, count in 0..40usize) {
            let (mut types, long) = (vec![WireType::signed(kind::LONG); count], LongData::default());
            if let Ok(params) = Params::decode(&bytes, count, &mut types, &long) {
                let _ = params.values();
                params.put_execute(&mut Vec::new(), 1, 0);
            }
        }
    }
}
