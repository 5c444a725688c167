//! Encrypting a password with a server's RSA public key, for caching_sha2's full authentication over plain TCP.
//!
//! The arithmetic and padding are mysql_common's; the key is read here, because a server's bytes may be anything and
//! mysql_common's reader panics on bad ones.

use bigdecimal::num_bigint::BigUint;
use mysql_common::crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey};

use super::primitives::take;

/// What OAEP with SHA-1 adds to a message.
const PADDING: usize = 42;

/// Encrypts `message` with a PEM key (`PUBLIC KEY` or `RSA PUBLIC KEY`). `None` for bytes that are no RSA key of 512 to
/// 16384 bits, and for a message too long for it.
pub fn encrypt(pem: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let (modulus, exponent) = parse_pem(pem)?;
    let bits = modulus.bits();
    let odd = modulus.bit(0) && exponent.bit(0);
    if !(512..=16384).contains(&bits) || bits % 8 != 0 || exponent.bits() > 64 || !odd {
        return None;
    }
    if message.len() + PADDING > (bits / 8) as usize {
        return None;
    }
    let key = PublicKey::new(modulus, exponent);
    Some(key.encrypt_block(message, Pkcs1OaepPadding::new(GetRandom)))
}

fn parse_pem(pem: &[u8]) -> Option<(BigUint, BigUint)> {
    let text = std::str::from_utf8(pem).ok()?;
    for (label, wrapped) in [("PUBLIC KEY", true), ("RSA PUBLIC KEY", false)] {
        let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
        let Some((_, body)) = text.split_once(&begin) else { continue };
        let der = base64(body.split_once(&end)?.0)?;
        let mut buf = &der[..];
        return if wrapped { parse_wrapped(&mut buf) } else { parse_key(&mut buf) };
    }
    None
}

/// SubjectPublicKeyInfo: SEQUENCE { algorithm, BIT STRING { key } }.
fn parse_wrapped(buf: &mut &[u8]) -> Option<(BigUint, BigUint)> {
    let mut info = element(buf, 0x30)?;
    element(&mut info, 0x30)?;
    let mut key = element(&mut info, 0x03)?.strip_prefix(&[0])?;
    parse_key(&mut key)
}

/// RSAPublicKey: SEQUENCE { INTEGER modulus, INTEGER exponent }.
fn parse_key(buf: &mut &[u8]) -> Option<(BigUint, BigUint)> {
    let mut key = element(buf, 0x30)?;
    let (modulus, exponent) = (element(&mut key, 0x02)?, element(&mut key, 0x02)?);
    Some((BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent)))
}

/// One DER element of the tag: its content.
fn element<'a>(buf: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let head = take(buf, 2)?;
    if head[0] != tag {
        return None;
    }
    let len = match head[1] {
        short @ 0..=0x7F => usize::from(short),
        long @ 0x81..=0x84 => {
            take(buf, usize::from(long & 0x7F))?.iter().fold(0, |len, b| len << 8 | usize::from(*b))
        }
        _ => return None,
    };
    take(buf, len)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut word, mut bits) = (Vec::with_capacity(text.len()), 0u32, 0);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A public key of 1024 bits made for this test; its private half was thrown away.
    const KEY: &str = include_str!("rsa_test_key.pem");

    #[test]
    fn a_key_encrypts_and_the_same_twice_differs() {
        let (one, two) =
            (encrypt(KEY.as_bytes(), b"secret\0").unwrap(), encrypt(KEY.as_bytes(), b"secret\0").unwrap());
        assert_eq!((one.len(), two.len()), (128, 128));
        assert_ne!(one, two);
        let theirs = PublicKey::from_pem(KEY);
        let (modulus, _) = parse_pem(KEY.as_bytes()).unwrap();
        assert_eq!(theirs.modulus(), &modulus);
    }

    #[test]
    fn bad_keys_and_long_messages_are_none() {
        assert_eq!(encrypt(KEY.as_bytes(), &[1; 87]), None);
        assert!(encrypt(KEY.as_bytes(), &[1; 86]).is_some());
        assert_eq!(encrypt(b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", b"x"), None);
        assert_eq!(encrypt(b"", b"x"), None);
        for len in 0..KEY.len() {
            let _ = encrypt(&KEY.as_bytes()[..len], b"x");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_key_or_not(der: Vec<u8>, text: String) {
            let _ = (parse_key(&mut &der[..]), parse_wrapped(&mut &der[..]));
            let _ = encrypt(format!("-----BEGIN RSA PUBLIC KEY-----{text}-----END RSA PUBLIC KEY-----").as_bytes(), b"x");
        }
    }
}
