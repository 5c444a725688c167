//! Password proofs, both sides: `mysql_native_password` (MySQL source docs, "Native Authentication") and
//! `caching_sha2_password` ("Caching_sha2_password information").
//!
//! Shardgate knows its users' passwords from its configuration, so as a server it always answers caching_sha2 with
//! fast authentication.

use rand::Rng;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::greeting::SCRAMBLE;

/// An authentication plugin that Shardgate speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// `mysql_native_password`: SHA-1.
    Native,
    /// `caching_sha2_password`: SHA-256.
    CachingSha2,
}

impl Plugin {
    /// The plugin of this name, if Shardgate speaks it.
    pub fn named(name: &str) -> Option<Plugin> {
        [Plugin::Native, Plugin::CachingSha2].into_iter().find(|p| p.name() == name)
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Plugin::Native => "mysql_native_password",
            Plugin::CachingSha2 => "caching_sha2_password",
        }
    }

    /// A client's proof that it knows the password; empty for an empty password.
    pub fn prove(self, password: &[u8], scramble: &[u8]) -> Vec<u8> {
        if password.is_empty() {
            return Vec::new();
        }
        self.hash(password, scramble)
    }

    /// Whether `proof` shows knowledge of the password. Takes the same time for every proof of the same length.
    pub fn verify(self, password: &[u8], scramble: &[u8], proof: &[u8]) -> bool {
        // Hashed also for an empty password, so that nobody can tell by the time.
        let want = self.hash(password, scramble);
        let same = same(&want, proof);
        if password.is_empty() { is_empty(proof) } else { same }
    }

    fn hash(self, password: &[u8], scramble: &[u8]) -> Vec<u8> {
        match self {
            Plugin::Native => {
                let once = Sha1::digest(password);
                let salted = Sha1::new().chain_update(scramble).chain_update(Sha1::digest(once)).finalize();
                xor(&once, &salted)
            }
            Plugin::CachingSha2 => {
                let once = Sha256::digest(password);
                let twice = Sha256::digest(once);
                let salted = Sha256::new().chain_update(twice).chain_update(scramble).finalize();
                xor(&once, &salted)
            }
        }
    }
}

/// Whether a proof says "I have no password": nothing, or libmysql's single zero byte.
pub fn is_empty(proof: &[u8]) -> bool {
    matches!(proof, [] | [0])
}

/// A password as caching_sha2's full authentication sends it: closed by a zero byte and, for RSA, XORed with the scramble.
pub fn masked(password: &[u8], scramble: &[u8]) -> Vec<u8> {
    let mut out = closed(password);
    for (byte, mask) in out.iter_mut().zip(scramble.iter().cycle()) {
        *byte ^= mask;
    }
    out
}

/// A password closed by a zero byte, for a transport that is secure by itself.
pub fn closed(password: &[u8]) -> Vec<u8> {
    let mut out = password.to_vec();
    out.push(0);
    out
}

/// A fresh challenge: as MySQL's, printable ASCII without `$`, for clients that take it for text.
pub fn scramble() -> [u8; SCRAMBLE] {
    let mut rng = rand::rng();
    std::array::from_fn(|_| match rng.random_range(0x21..0x7Fu8) {
        b'$' => b'%',
        byte => byte,
    })
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &[u8; SCRAMBLE] = b"abcdefghijklmnopqrst";

    #[test]
    fn proofs_are_those_of_mysql_common() {
        use mysql_common::scramble::{scramble_native, scramble_sha256};
        let native = scramble_native(CHALLENGE, b"secret").unwrap();
        assert_eq!(Plugin::Native.prove(b"secret", CHALLENGE), native);
        let sha = scramble_sha256(CHALLENGE, b"secret").unwrap();
        assert_eq!(Plugin::CachingSha2.prove(b"secret", CHALLENGE), sha);
    }

    #[test]
    fn only_the_right_password_passes() {
        for plugin in [Plugin::Native, Plugin::CachingSha2] {
            assert_eq!(Plugin::named(plugin.name()), Some(plugin));
            let proof = plugin.prove(b"secret", CHALLENGE);
            assert!(plugin.verify(b"secret", CHALLENGE, &proof));
            assert!(!plugin.verify(b"Secret", CHALLENGE, &proof));
            assert!(!plugin.verify(b"secret", b"another challenge!!!", &proof));
            assert!(!plugin.verify(b"", CHALLENGE, &proof));
            for empty in [&[][..], &[0]] {
                assert!(plugin.verify(b"", CHALLENGE, empty));
                assert!(!plugin.verify(b"secret", CHALLENGE, empty));
            }
            assert!(!plugin.verify(b"", CHALLENGE, &plugin.hash(b"", CHALLENGE)));
        }
    }

    #[test]
    fn challenges_are_printable_and_differ() {
        let challenge = scramble();
        assert!(challenge.iter().all(|b| b.is_ascii_graphic() && *b != b'$'));
        assert_ne!(challenge, scramble());
    }
}
