//! Integers and strings of the protocol (MySQL source docs, "Protocol Basics: Integer Types, String Types").
//! Every reader answers `None` where the bytes end too early: nothing here panics on what a peer sends.

/// Reads a length-encoded integer from the front of `buf`. `None` also for 0xFB (NULL) and 0xFF, which are no integers.
pub fn lenenc_int(buf: &mut &[u8]) -> Option<u64> {
    let first = *buf.first()?;
    let (len, skip) = match first {
        0..=0xFA => {
            *buf = &buf[1..];
            return Some(u64::from(first));
        }
        0xFC => (2, 1),
        0xFD => (3, 1),
        0xFE => (8, 1),
        _ => return None,
    };
    let bytes = buf.get(skip..skip + len)?;
    let mut word = [0u8; 8];
    word[..len].copy_from_slice(bytes);
    *buf = &buf[skip + len..];
    Some(u64::from_le_bytes(word))
}

/// Reads a length-encoded string from the front of `buf`.
pub fn lenenc_str<'a>(buf: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(lenenc_int(buf)?).ok()?;
    take(buf, len)
}

/// Takes `len` bytes from the front of `buf`.
pub fn take<'a>(buf: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    if len > buf.len() {
        return None;
    }
    let (head, tail) = buf.split_at(len);
    *buf = tail;
    Some(head)
}

/// Takes a fixed-size array from the front of `buf`.
pub fn array<const N: usize>(buf: &mut &[u8]) -> Option<[u8; N]> {
    take(buf, N)?.try_into().ok()
}

/// Takes a string that ends with a zero byte; the zero is consumed and not returned.
pub fn nul_str<'a>(buf: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = memchr::memchr(0, buf)?;
    let out = &buf[..end];
    *buf = &buf[end + 1..];
    Some(out)
}

/// Appends a length-encoded integer.
pub fn put_lenenc_int(out: &mut Vec<u8>, value: u64) {
    match value {
        0..=0xFA => out.push(value as u8),
        0xFB..=0xFFFF => {
            out.push(0xFC);
            out.extend_from_slice(&(value as u16).to_le_bytes());
        }
        0x1_0000..=0xFF_FFFF => {
            out.push(0xFD);
            out.extend_from_slice(&(value as u32).to_le_bytes()[..3]);
        }
        _ => {
            out.push(0xFE);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// Appends a length-encoded string.
pub fn put_lenenc_str(out: &mut Vec<u8>, bytes: &[u8]) {
    put_lenenc_int(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back_at_every_width() {
        for value in [0, 0xFA, 0xFB, 0xFFFF, 0x1_0000, 0xFF_FFFF, 0x100_0000, u64::MAX] {
            let mut out = Vec::new();
            put_lenenc_int(&mut out, value);
            let mut buf = &out[..];
            assert_eq!(lenenc_int(&mut buf), Some(value));
            assert!(buf.is_empty());
        }
    }

    #[test]
    fn short_bytes_are_none() {
        for bytes in [&[][..], &[0xFC, 1], &[0xFD, 1, 2], &[0xFE, 0], &[0xFB], &[0xFF], &[5, 1, 2]] {
            assert_eq!(lenenc_str(&mut &bytes[..]), None, "{bytes:?}");
        }
    }
}
