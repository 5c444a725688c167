//! What the text of a JSON value does not tell: MySQL keeps types in JSON that have no text of their own (MySQL 8.4 manual,
//! "The JSON Data Type"). A DECIMAL looks like a DOUBLE, and a DATE, a TIME, a DATETIME and a BLOB look like strings.

/// The first part of a JSON text, as MySQL prints it, that could be a value of such a type.
pub(super) fn ambiguous(text: &[u8]) -> Option<String> {
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = if first == b'"' {
            let end = string_end(after);
            let (string, after) = after.split_at(end);
            let is_key = after.starts_with(b"\":");
            if !is_key && opaque(string) {
                return Some(format!("\"{}\"", String::from_utf8_lossy(string)));
            }
            after.get(1..).unwrap_or_default()
        } else if first == b'-' || first.is_ascii_digit() {
            let of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
            let end = rest.iter().position(|byte| !of_number(byte)).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            if number.iter().any(|byte| b".eE".contains(byte)) {
                return Some(String::from_utf8_lossy(number).into_owned());
            }
            after
        } else {
            after
        };
    }
    None
}

/// Where a string ends whose opening quote has been read.
fn string_end(text: &[u8]) -> usize {
    let mut escaped = false;
    let closes = |&byte: &u8| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    };
    text.iter().position(closes).unwrap_or(text.len())
}

/// Whether a string has the look that a DATE, a TIME(6), a DATETIME(6), or bytes have.
fn opaque(string: &[u8]) -> bool {
    if string.starts_with(b"base64:") {
        return true;
    }
    if string.len() > 32 {
        return false;
    }
    let look: Vec<u8> = string.iter().map(|b| if b.is_ascii_digit() { b'9' } else { *b }).collect();
    let look = look.strip_prefix(b"-").unwrap_or(&look);
    let hours = look.iter().take_while(|byte| **byte == b'9').count();
    look == b"9999-99-99"
        || look == b"9999-99-99 99:99:99.999999"
        || (hours >= 2 && look.get(hours..).is_some_and(|rest| rest == b":99:99.999999"))
}

#[cfg(test)]
mod tests {
    use super::ambiguous;

    #[test]
    fn finds_what_could_be_of_another_type() {
        for (text, found) in [
            (r#"{"a": 1, "b": [true, null, -7, "x"]}"#, None),
            (r#"{"2024-02-29": 1, "1.5": "a \" 2.5", "b\\": 3}"#, None),
            (r#"{"a": [1, 1.10]}"#, Some("1.10")),
            ("1e30", Some("1e30")),
            (r#"["2024-02-29"]"#, Some(r#""2024-02-29""#)),
            (r#"["2024-02-29 10:00"]"#, None),
            (r#"["2024-02-29 10:00:00.000000"]"#, Some(r#""2024-02-29 10:00:00.000000""#)),
            (r#""-838:59:59.000000""#, Some(r#""-838:59:59.000000""#)),
            (r#""base64:type15:AA==""#, Some(r#""base64:type15:AA==""#)),
        ] {
            assert_eq!(ambiguous(text.as_bytes()).as_deref(), found, "{text}");
        }
    }
}
