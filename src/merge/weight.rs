//! Order and equality of character strings by the weights that the server gave
//! ([`weight_sql`](crate::plan::merge_spec::weight_sql)), knowing no collation.
//!
//! A weight cell is `weights, pad, length of pad`. The pad is what one space weighs in a `PAD SPACE` collation and
//! empty in a `NO PAD` one. The rule: the shorter weights are continued with pads to the longer one's length, then
//! bytes are compared. Measured over all pairs of 28 strings (spaces, tab, NUL, case, contractions) in every
//! collation of MariaDB 10.11 and MySQL 9.7, the rule agrees with the server's `<` and `=` for the pads of [`is_known`].
//! Not for collations of several levels that pad (`uca1400_as_cs`, `thai_520_w2`, `latin2_czech_cs`…), whose levels
//! would have to be padded one by one, nor for latin7's, whose ORDER BY disagrees with its own `<`: those are refused.

use std::cmp::Ordering;

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

/// Compares two weight cells as the server compares the strings.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Result<Ordering> {
    let (a, b) = (split(a)?, split(b)?);
    if a.pad != b.pad {
        return Err(Error::refused(
            "the shards compare the same column by different collations",
            "give the column one collation on all shards",
        ));
    }
    if !is_known(a.pad) {
        return Err(unknown());
    }
    let common = a.weights.len().min(b.weights.len());
    match a.weights[..common].cmp(&b.weights[..common]) {
        Ordering::Equal if a.pad.is_empty() => Ok(a.weights.len().cmp(&b.weights.len())),
        Ordering::Equal => {
            let (rest, flip) = if a.weights.len() > common {
                (&a.weights[common..], false)
            } else {
                (&b.weights[common..], true)
            };
            let order = against_pad(rest, a.pad);
            Ok(if flip { order.reverse() } else { order })
        }
        order => Ok(order),
    }
}

fn against_pad(rest: &[u8], pad: &[u8]) -> Ordering {
    rest.iter().cmp(pad.iter().cycle().take(rest.len()))
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
        for (i, a) in &ranked {
            for (j, b) in &ranked {
                assert_eq!(compare(a, b).unwrap(), i.cmp(j), "{a:x?} {b:x?}");
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
        assert_eq!(compare(&cell, &cell).unwrap_err().errno, 1235);
        assert!(compare(b"", b"").is_err());
        assert!(compare(b"a\x09", b"a\x09").is_err());
    }
}
