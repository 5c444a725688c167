//! The info strings of OK packets (`Records: 3  Duplicates: 0  Warnings: 0`), which drivers parse, added up over shards; and
//! the numbers of rows in messages.

/// Adds up the numbers of info strings of one form. Strings of another form than the first are ignored.
pub fn sum(infos: &[String]) -> String {
    let mut infos = infos.iter().filter(|info| !info.is_empty());
    let Some(first) = infos.next() else { return String::new() };
    let (words, mut numbers) = split(first);
    for info in infos {
        let (other_words, other_numbers) = split(info);
        if other_words == words {
            for (sum, n) in numbers.iter_mut().zip(other_numbers) {
                *sum += n;
            }
        }
    }
    let mut out = String::new();
    let mut numbers = numbers.into_iter();
    for (i, word) in words.iter().enumerate() {
        if i > 0
            && let Some(n) = numbers.next()
        {
            out.push_str(&n.to_string());
        }
        out.push_str(word);
    }
    out
}

/// An info string with another number of warnings, which is its last.
pub fn with_warnings(info: &str, warnings: u16) -> String {
    match info.rsplit_once("Warnings: ") {
        Some((rest, _)) => format!("{rest}Warnings: {warnings}"),
        None => info.to_owned(),
    }
}

/// An info string whose number behind a word is greater; the same where it has no such word.
pub fn raised(info: &str, word: &str, by: u64) -> String {
    let Some((before, after)) = info.split_once(word) else { return info.to_owned() };
    let (digits, rest) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
    format!("{before}{word}{}{rest}", digits.parse::<u64>().unwrap_or(0).saturating_add(by))
}

/// What an UPDATE says that has found no row.
pub const NO_ROW: &str = "Rows matched: 0  Changed: 0  Warnings: 0";

/// The numbers of an info string, in order.
pub fn numbers(info: &str) -> Vec<u64> {
    split(info).1
}

/// The text between numbers, and the numbers: always one text more than numbers.
fn split(info: &str) -> (Vec<&str>, Vec<u64>) {
    let (mut words, mut numbers, mut rest) = (Vec::new(), Vec::new(), info);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - start);
        words.push(&rest[..start]);
        numbers.push(rest[start..start + digits].parse().unwrap_or(0));
        rest = &rest[start + digits..];
    }
    words.push(rest);
    (words, numbers)
}

/// A server's message with the number of the statement's row in the place of the part's: servers say `Row 3 …` and
/// `… at row 3`.
pub fn renumbered(message: &str, rows: &[u64]) -> String {
    let number = |digits: &str| {
        let place: usize = digits.parse().ok()?;
        rows.get(place.checked_sub(1)?)
    };
    let is_digit = |c: char| c.is_ascii_digit();
    if let Some(rest) = message.strip_prefix("Row ") {
        let (digits, after) = rest.split_at(rest.find(|c| !is_digit(c)).unwrap_or(rest.len()));
        if let Some(row) = number(digits) {
            return format!("Row {row}{after}");
        }
    }
    let (before, digits) = message.split_at(message.trim_end_matches(is_digit).len());
    match number(digits).filter(|_| before.ends_with(" at row ")) {
        Some(row) => format!("{before}{row}"),
        None => message.to_owned(),
    }
}

/// The row that a message names at its end.
pub fn row_of(message: &str) -> Option<u64> {
    message.rsplit_once(" at row ")?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{NO_ROW, raised, renumbered, sum, with_warnings};

    #[test]
    fn numbers_of_one_form_add_up() {
        let infos = ["Records: 3  Duplicates: 0  Warnings: 1", "", "Records: 20  Duplicates: 2  Warnings: 0"]
            .map(String::from);
        assert_eq!(sum(&infos), "Records: 23  Duplicates: 2  Warnings: 1");
        let infos = ["Rows matched: 1  Changed: 1  Warnings: 0"; 3].map(String::from);
        assert_eq!(sum(&infos), "Rows matched: 3  Changed: 3  Warnings: 0");
        assert_eq!(sum(&[]), "");
        assert_eq!(with_warnings(NO_ROW, 12), "Rows matched: 0  Changed: 0  Warnings: 12");
        assert_eq!(with_warnings("", 12), "");
        let info = "Records: 3  Duplicates: 9  Warnings: 1";
        assert_eq!(raised(info, "Duplicates: ", 2), "Records: 3  Duplicates: 11  Warnings: 1");
        assert_eq!(raised(info, "Deleted: ", 2), info);
    }

    #[test]
    fn messages_name_the_statement_s_rows() {
        let rows = [5, 17];
        for (message, there) in [
            ("Row 2 doesn't contain data for all columns", "Row 17 doesn't contain data for all columns"),
            ("Data truncated for column 'a' at row 1", "Data truncated for column 'a' at row 5"),
            ("Data truncated for column 'a' at row 3", "Data truncated for column 'a' at row 3"),
            ("Duplicate entry '1' for key 't.v'", "Duplicate entry '1' for key 't.v'"),
            ("Row", "Row"),
        ] {
            assert_eq!(renumbered(message, &rows), there);
        }
    }
}
