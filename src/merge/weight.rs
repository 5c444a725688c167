//! Order and equality of character strings by the weights that the server gave
//! ([`weight_sql`](crate::plan::merge_spec::weight_sql)), knowing no collation.
//!
//! A weight cell is `weights, pad, length of pad`. The pad is what one space weighs in a `PAD SPACE` collation and
//! empty in a `NO PAD` one. The rule: both weights are continued with pads without end, then bytes are compared. Measured over all pairs of 28 strings (spaces, tab, NUL, case, contractions) in every
//! collation of MariaDB 10.11 and MySQL 9.7, the rule agrees with the server's `<` and `=` for the pads of [`is_known`].
//! Not for collations of several levels that pad (`uca1400_as_cs`, `thai_520_w2`, `latin2_czech_cs`…), whose levels
//! would have to be padded one by one, nor for latin7's, whose ORDER BY disagrees with its own `<`: those are refused.

use super::key::put_bytes;
use crate::base::{Error, Result};

/// Whether the rule holds for collations in which a space weighs this: none for `NO PAD`; one-byte charsets;
/// `general_ci` and `ucs2_bin`; `utf8mb4_bin`; UCA 4.0, 9.0 and 14.0; UCA 5.2.
fn is_known(pad: &[u8]) -> bool {
    matches!(pad, [] | [0x20] | [0x00, 0x20] | [0x00, 0x00, 0x20] | [0x02, 0x09 | 0x0A])
}

/// A weight cell taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Weight<'a> {
    weights: &'a [u8],
    pad: &'a [u8],
}

/// Appends what orders as the server orders the strings. `known` is the pad of all of them, once there was one.
///
/// With a pad, pads at the end say nothing. A pad before something else is followed by how that compares with pads
/// without end, and pads without end follow the last weight.
pub(super) fn put(cell: &[u8], known: &mut Option<Box<[u8]>>, out: &mut Vec<u8>) -> Result<()> {
    const LESS: u8 = 1;
    const END: u8 = 2;
    const MORE: u8 = 3;
    let Weight { weights, pad } = split(cell)?;
    match known {
        Some(known) if **known == *pad => {}
        Some(_) => {
            return Err(Error::refused(
                "the shards compare the same column by different collations",
                "give the column one collation on all shards",
            ));
        }
        None if is_known(pad) => *known = Some(pad.into()),
        None => return Err(unknown()),
    }
    if pad.is_empty() {
        put_bytes(weights, out);
        return Ok(());
    }
    let units = weights.chunks_exact(pad.len());
    if !units.remainder().is_empty() {
        return Err(unknown());
    }
    let mut rest = weights;
    while let Some(at) = rest.chunks_exact(pad.len()).position(|unit| unit == pad) {
        let (before, pads) = rest.split_at(at * pad.len());
        out.extend_from_slice(before);
        let Some(many) = pads.chunks_exact(pad.len()).position(|unit| unit != pad) else {
            rest = &[];
            break;
        };
        rest = &pads[many * pad.len()..];
        let mark = if rest < pad { LESS } else { MORE };
        for _ in 0..many {
            out.extend_from_slice(pad);
            out.push(mark);
        }
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(pad);
    out.push(END);
    Ok(())
}

fn unknown() -> Error {
    Error::refused(
        "a text column's collation compares on several levels and pads with spaces, or is otherwise one whose weights cannot be merged",
        "add COLLATE with another collation to the expression, for example COLLATE utf8mb4_bin or a NO PAD one",
    )
}

fn split(cell: &[u8]) -> Result<Weight<'_>> {
    let (len, body) = cell.split_last().ok_or_else(unknown)?;
    let at = body.len().checked_sub(usize::from(*len)).ok_or_else(unknown)?;
    let (weights, pad) = body.split_at(at);
    Ok(Weight { weights, pad })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hex of WEIGHT_STRING in the order that ORDER BY gave on both servers; `=` between equal ones.
    fn holds(pad: &str, order: &[&str]) {
        let cell = |text: &str| {
            let mut out = hex(text);
            out.extend(hex(pad));
            out.push((pad.len() / 2) as u8);
            out
        };
        let mut rank = 0;
        let ranked: Vec<(usize, Vec<u8>)> = order
            .iter()
            .map(|text| {
                let text = text.strip_prefix('=').unwrap_or_else(|| {
                    rank += 1;
                    text
                });
                (rank, cell(text))
            })
            .collect();
        let mut known = None;
        let mut key = |cell: &[u8]| {
            let mut out = Vec::new();
            put(cell, &mut known, &mut out).unwrap();
            out
        };
        let keys: Vec<_> = ranked.iter().map(|(rank, cell)| (rank, key(cell))).collect();
        for (i, a) in &keys {
            for (j, b) in &keys {
                assert_eq!(a.cmp(b), i.cmp(j), "{a:x?} {b:x?}");
                assert!(a == b || !a.starts_with(b), "{a:x?} {b:x?}");
            }
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    #[test]
    fn orders_as_the_servers_do() {
        // '\t', '', ' ', 'a\0', 'a\t', 'a', 'a ', 'a  ', 'A', 'a!', 'ab', 'b'
        holds(
            "0020",
            &[
                "0009",
                "",
                "=0020",
                "00410000",
                "00410009",
                "0041",
                "=00410020",
                "=004100200020",
                "=0041",
                "00410021",
                "00410042",
                "0042",
            ],
        );
        // the same in unicode_ci, where NUL weighs nothing
        holds(
            "0209",
            &[
                "0201",
                "",
                "=0209",
                "0E330201",
                "0E33",
                "=0E330209",
                "=0E3302090209",
                "0E330251",
                "0E330E4A",
                "0E4A",
            ],
        );
        // utf8mb4_bin, latin1_swedish_ci
        holds(
            "000020",
            &["000009", "", "=000020", "000041", "000061000009", "000061", "=000061000020", "000061000021"],
        );
        holds("20", &["09", "", "=20", "4109", "41", "=4120", "=412020", "4121", "4142", "42"]);
        // utf8mb4_0900_ai_ci: '' '\t' ' ' 'a' 'a\0' 'a\t' 'a ' 'a  ' 'a!' 'ab' 'b'
        holds(
            "",
            &[
                "",
                "0201",
                "0209",
                "1C47",
                "=1C47",
                "1C470201",
                "1C470209",
                "1C4702090209",
                "1C470260",
                "1C471C60",
                "1C60",
            ],
        );
    }

    #[test]
    fn collations_of_several_padded_levels_are_refused() {
        let mut cell = hex("2075002000080209002000020006");
        *cell.last_mut().unwrap() = 6;
        let refused = |cell: &[u8]| put(cell, &mut None, &mut Vec::new()).unwrap_err().errno;
        // several levels; nothing; a pad longer than the cell; half a unit
        for cell in [&cell[..], b"", b"a\x09", b"\x00a\x00\x00\x20\x02"] {
            assert_eq!(refused(cell), 1235, "{cell:x?}");
        }
    }

    #[test]
    fn two_collations_in_one_column_are_refused() {
        let mut known = None;
        put(b"A\x20\x01", &mut known, &mut Vec::new()).unwrap();
        assert_eq!(put(b"A\x00", &mut known, &mut Vec::new()).unwrap_err().errno, 1235);
    }

    proptest::proptest! {
        #[test]
        fn keys_order_like_weights_with_pads_without_end(
            a in proptest::collection::vec(0x1Fu8..0x22, 0..8), b in proptest::collection::vec(0x1Fu8..0x22, 0..8)
        ) {
            for pad in [&[0x20][..], &[0x00, 0x20], &[0x00, 0x00, 0x20]] {
                let cell = |units: &[u8]| {
                    let mut out: Vec<u8> =
                        units.iter().flat_map(|unit| pad[..pad.len() - 1].iter().copied().chain([*unit])).collect();
                    out.extend_from_slice(pad);
                    out.push(pad.len() as u8);
                    out
                };
                let key = |units: &[u8]| {
                    let mut out = Vec::new();
                    put(&cell(units), &mut None, &mut out).unwrap();
                    out
                };
                let padded = |units: &[u8]| {
                    let mut out = units.to_vec();
                    out.resize(8, 0x20);
                    out
                };
                proptest::prop_assert_eq!(key(&a).cmp(&key(&b)), padded(&a).cmp(&padded(&b)));
            }
        }
    }
}
