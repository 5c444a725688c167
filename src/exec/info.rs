//! The info strings of OK packets (`Records: 3  Duplicates: 0  Warnings: 0`), which drivers parse, added up over shards.

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

/// The numbers of an info string, in order.
pub fn numbers(info: &str) -> Vec<u64> {
    split(info).1
}

/// The number behind `Records: `; 0 where there is none.
pub fn records(info: &str) -> u64 {
    if info.starts_with("Records: ") { numbers(info).first().copied().unwrap_or(0) } else { 0 }
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

#[cfg(test)]
mod tests {
    use super::{records, sum};

    #[test]
    fn numbers_of_one_form_add_up() {
        let infos = ["Records: 3  Duplicates: 0  Warnings: 1", "", "Records: 20  Duplicates: 2  Warnings: 0"]
            .map(String::from);
        assert_eq!(sum(&infos), "Records: 23  Duplicates: 2  Warnings: 1");
        let infos = ["Rows matched: 1  Changed: 1  Warnings: 0"; 3].map(String::from);
        assert_eq!(sum(&infos), "Rows matched: 3  Changed: 3  Warnings: 0");
        assert_eq!(sum(&[]), "");
        assert_eq!(records("Records: 23  Duplicates: 2  Warnings: 1"), 23);
        assert_eq!(records("Rows matched: 3  Changed: 3  Warnings: 0"), 0);
    }
}
