//! Rows of files, cut as servers cut them.

use proptest::prelude::*;

use super::*;

fn format(field_end: &str, enclosed: &str, escaped: &str, line_start: &str, line_end: &str) -> LineFormat {
    let bytes = |text: &str| text.as_bytes().to_vec();
    LineFormat {
        field_end: bytes(field_end),
        enclosed: bytes(enclosed),
        escaped: bytes(escaped),
        line_start: bytes(line_start),
        line_end: bytes(line_end),
    }
}

/// The first two fields of all rows; `-` for one that is not there.
fn read(format: &LineFormat, fields: usize, text: &str) -> Vec<[String; 2]> {
    let cutter = Cutter::new(format, fields, [Some(0), Some(1)]).unwrap();
    let (mut rows, mut at) = (Vec::new(), 0);
    while let Cut::Row(row) = cutter.row(&text.as_bytes()[at..], true) {
        assert!(row.end > row.start && row.start <= row.end);
        rows.push(row.found.map(|field| match field {
            None => "-".to_owned(),
            Some(Field { value: None, .. }) => "NULL".to_owned(),
            Some(Field { value: Some(value), .. }) => format!("{:?}", String::from_utf8_lossy(&value)),
        }));
        at += row.end;
    }
    rows
}

fn check(format: &LineFormat, text: &str, rows: &[[&str; 2]]) {
    assert_eq!(read(format, 2, text), rows, "{text:?}");
}

#[test]
fn plain_lines() {
    let tabs = format("\t", "", "\\", "", "\n");
    check(&tabs, "", &[]);
    check(&tabs, "1\ta\n2\tb", &[[r#""1""#, r#""a""#], [r#""2""#, r#""b""#]]);
    check(&tabs, "1\t\n\n\t\n", &[[r#""1""#, r#""""#], [r#""""#, "-"], [r#""""#, r#""""#]]);
    // A line that ends with the file has no further field; one that ends with a terminator has an empty one.
    check(&tabs, "1\t", &[[r#""1""#, "-"]]);
    check(&tabs, "1\ta\tb\\\nc\t\n2\tb\n", &[[r#""1""#, r#""a""#], [r#""2""#, r#""b""#]]);
    check(&tabs, "\\N\tN\n\\Nx\t\\\\N\n", &[["NULL", r#""N""#], [r#""Nx""#, r#""\\N""#]]);
    check(&tabs, "a\\\tb\t\\n\\0\\Z\\x\\", &[[r#""a\tb""#, "\"\\n\\0\\u{1a}x\\\\\""]]);
    check(&tabs, "NULL\t\"a\"\n", &[[r#""NULL""#, r#""\"a\"""#]]);
    check(&format("\t", "", "", "", "\n"), "\\N\t\\\n", &[[r#""\\N""#, r#""\\""#]]);
}

#[test]
fn enclosed_fields() {
    let quotes = format(",", "\"", "\\", "", "\r\n");
    check(&quotes, "\"a,b\r\nc\",\"d\"\"e\"\r\n", &[[r#""a,b\r\nc""#, r#""d\"e""#]]);
    check(&quotes, "\"a\"b\",c\"d\"\r\n", &[[r#""a\"b""#, r#""c\"d\"""#]]);
    check(&quotes, "NULL,\"NULL\"\r\n\"\\N\",\\N", &[["NULL", r#""NULL""#], ["NULL", "NULL"]]);
    check(&quotes, "\"a\"", &[[r#""a""#, "-"]]);
    // Not closed: the opening one is a part of it.
    check(&quotes, "\"a,b\r\n", &[[r#""\"a,b\r\n""#, "-"]]);
    check(&quotes, "1\n,2\r,3\r\r\n4,5", &[[r#""1\n""#, r#""2\r""#], [r#""4""#, r#""5""#]]);
    // Fields that are too many are skipped without a look at what encloses them.
    check(&quotes, "1,2,\"3\r\n4\",5\r\n", &[[r#""1""#, r#""2""#], [r#""4\"""#, r#""5""#]]);
    let doubled = format(",", "\"", "\"", "", "\n");
    check(&doubled, "\"a\"\"b\",\"c\\\"\n\"\"\"\",x\n", &[[r#""a\"b""#, r#""c\\""#], [r#""\"""#, r#""x""#]]);
}

#[test]
fn lines_that_start_with_something() {
    let starts = format("<>", "", "\\", "xxx", "||");
    check(&starts, "xxx1<>2||no||a xxx3<4<>5|6||xxx", &[[r#""1""#, r#""2""#], [r#""3<4""#, r#""5|6""#]]);
    check(&starts, "nothing||at all", &[]);
}

#[test]
fn places_are_true() {
    let cutter = Cutter::new(&format(",", "\"", "\\", ">", "\n"), 3, [Some(2), Some(0)]).unwrap();
    let text = b"..>\"a\",b,\"c\"\n>d,e";
    let Cut::Row(row) = cutter.row(text, false) else { panic!() };
    assert_eq!(&text[row.start..row.end], b"\"a\",b,\"c\"\n");
    let [Some(third), Some(first)] = row.found else { panic!() };
    assert_eq!(
        (&text[third.start..third.end], &text[first.start..first.end]),
        (&b"\"c\""[..], &b"\"a\""[..])
    );
    assert_eq!(cutter.row(&text[row.end..], false), Cut::More(0));
    assert_eq!(cutter.row(b"......", false), Cut::More(6));
    assert_eq!(cutter.line(b"a\\\nb\nc", false), Some(5));
    assert_eq!(cutter.line(b"a\\\nb", false), None);
    assert_eq!(cutter.line(b"a\\\nb", true), Some(4));
}

#[test]
fn formats_without_rows_are_none() {
    for wrong in [
        format("", "", "\\", "", "\n"),
        format("\t", "", "\\", "", ""),
        format(",", "", "\\", "", ","),
        format("\t", "ab", "\\", "", "\n"),
        format("\t", "", "ab", "", "\n"),
        format("é", "", "\\", "", "\n"),
    ] {
        assert!(Cutter::new(&wrong, 2, [None, None]).is_none(), "{wrong:?}");
    }
}

/// Few bytes, so that they meet often.
fn odd() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop::sample::select(b"a1N\\\"',;\n\r\t>\x80".to_vec()), 0..60)
}

fn some_format() -> impl Strategy<Value = LineFormat> {
    let of = |texts: &'static [&'static str]| prop::sample::select(texts.to_vec());
    (
        of(&[",", "\t", ",;", ",,", "'"]),
        of(&["", "\"", "'"]),
        of(&["", "\\", "\"", ","]),
        of(&["", ">", ">>"]),
        of(&["\n", "\r\n", ";", "\n\n"]),
    )
        .prop_map(|(field, enclosed, escaped, start, line)| format(field, enclosed, escaped, start, line))
}

proptest! {
    /// Whether bytes come at once or in pieces changes nothing, and rows never overlap.
    #[test]
    fn pieces_make_no_difference(bytes in odd(), format in some_format(), cut in 0..60usize, fields in 1..4usize) {
        let cutter = Cutter::new(&format, fields, [Some(0), Some(1)]).unwrap();
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let whole = cutter.row(rest, true);
            let part = &rest[..cut.min(rest.len())];
            match cutter.row(part, false) {
                Cut::More(drop) => {
                    prop_assert!(drop <= part.len());
                    let after = match cutter.row(&rest[drop..], true) {
                        Cut::Row(row) => Cut::Row(moved(row, drop)),
                        other => other,
                    };
                    prop_assert_eq!(&after, &whole);
                }
                Cut::End => prop_assert!(false, "no end before the end"),
                row @ Cut::Row(_) => prop_assert_eq!(&row, &whole),
            }
            let Cut::Row(row) = whole else { break };
            prop_assert!(row.end > 0 && row.start <= row.end && row.end <= rest.len());
            for field in row.found.iter().flatten() {
                prop_assert!(row.start <= field.start && field.start <= field.end && field.end <= row.end);
            }
            at += row.end;
        }
    }
}

fn moved(row: Row, by: usize) -> Row {
    let field = |field: Field| Field { start: field.start + by, end: field.end + by, ..field };
    Row { start: row.start + by, end: row.end + by, found: row.found.map(|found| found.map(field)) }
}
