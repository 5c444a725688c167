//! Bytes as hexadecimal digits, two for each, as HEX() has them: what a name or a value is in SQL under any sql_mode and
//! character set.

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// The digits as text.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    put_hex(bytes, &mut out);
    out.into_iter().map(char::from).collect()
}

/// Appends the digits.
pub fn put_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    out.extend(bytes.iter().flat_map(digits));
}

/// A name as an SQL string that is the same under every sql_mode and of any connection: no backslash is special in it.
pub fn hex_name(name: &str) -> String {
    format!("CONVERT(x'{}' USING utf8mb4)", hex(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(hex(b""), "");
        assert_eq!(hex(&[0, 9, 0x0A, 0x7F, 0xFF]), "00090A7FFF");
        assert_eq!(hex_name("d'"), "CONVERT(x'6427' USING utf8mb4)");
    }
}
