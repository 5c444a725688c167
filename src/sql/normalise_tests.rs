//! Shapes: what leaves a text and what stays.

use super::*;
use proptest::prelude::*;

fn shape(text: &str) -> String {
    let mut out = Normalised::default();
    normalise(text.as_bytes(), Mode::default(), &mut out);
    out.text().unwrap().to_owned()
}

#[test]
fn literals_leave_and_structure_stays() {
    let cases = [
        ("SELECT a FROM t WHERE id = 5 AND b = 'x'", "SELECT a FROM t WHERE id = ? AND b = ?"),
        ("SELECT a FROM t WHERE id = -5", "SELECT a FROM t WHERE id = -?"),
        ("SELECT a FROM t ORDER BY 1, 2 LIMIT 3", "SELECT a FROM t ORDER BY 1, 2 LIMIT ?"),
        ("SELECT a AS 'x' FROM t", "SELECT a AS 'x' FROM t"),
        ("SELECT 'a' 'b'", "SELECT ?"),
        ("INSERT INTO t VALUES (1, 0x41, NULL)", "INSERT INTO t VALUES (?, ?, NULL)"),
        ("CREATE TABLE t (a VARCHAR(10))", "CREATE TABLE t (a VARCHAR(10))"),
        ("SET x = 5", "SET x = 5"),
        ("/* trace */SELECT 1", "SELECT ?"),
    ];
    for (text, wanted) in cases {
        assert_eq!(shape(text), wanted, "{text}");
    }
}

#[test]
fn spans_of_the_shape_lead_back() {
    let text = "SELECT /* c */ a FROM t WHERE id = 12345 AND b = 'xyz' LIMIT 7";
    let mut out = Normalised::default();
    normalise(text.as_bytes(), Mode::default(), &mut out);
    let shape = out.text().unwrap();
    let at = shape.find("LIMIT").unwrap() as u32;
    let span = out.original_span(Span { start: at, end: shape.len() as u32 });
    assert_eq!(&text[span.start as usize..span.end as usize], "LIMIT 7");
}

proptest! {
    #[test]
    fn any_bytes_have_a_shape(bytes: Vec<u8>) {
        let mut out = Normalised::default();
        normalise(&bytes, Mode::default(), &mut out);
    }

    #[test]
    fn literals_put_back_give_the_text(numbers in proptest::collection::vec(0u32..1_000_000, 1..20), word in "[a-z']{0,8}") {
        let word = word.replace('\'', "\'\'");
        let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let text = format!("SELECT a FROM t WHERE b = '{word}' AND id IN ({})", list.join(","));
        let mut out = Normalised::default();
        normalise(text.as_bytes(), Mode::default(), &mut out);
        let mut back = Vec::new();
        let mut literals = out.literals().iter();
        for byte in out.shape() {
            match byte {
                b'?' => back.extend_from_slice(literals.next().unwrap().of(text.as_bytes())),
                other => back.push(*other),
            }
        }
        prop_assert_eq!(String::from_utf8(back).unwrap(), text);
    }
}
