//! The server's first packet (MySQL source docs, "Protocol::HandshakeV10"), written for clients and read from servers.

use super::capability;
use super::primitives::{array, nul_str, take};

/// Bytes of a scramble: the random challenge that a password is hashed with.
pub const SCRAMBLE: usize = 20;

/// A server's greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// As sent: MariaDB puts `5.5.5-` before its version.
    pub version: String,
    /// What `CONNECTION_ID()` answers.
    pub connection_id: u32,
    /// The challenge.
    pub scramble: [u8; SCRAMBLE],
    /// [`capability`] flags.
    pub capabilities: u32,
    /// The default collation's id, its low byte.
    pub charset: u8,
    /// [`status`](super::status) flags.
    pub status: u16,
    /// The authentication plugin that the challenge is meant for.
    pub plugin: String,
}

impl Greeting {
    /// Appends the payload. A zero byte in the version would end it early, so it is left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let [low0, low1, high0, high1] = self.capabilities.to_le_bytes();
        let (first, second) = self.scramble.split_at(8);
        out.push(10);
        out.extend(self.version.bytes().filter(|&b| b != 0));
        out.push(0);
        out.extend_from_slice(&self.connection_id.to_le_bytes());
        out.extend_from_slice(first);
        out.extend_from_slice(&[0, low0, low1, self.charset]);
        out.extend_from_slice(&self.status.to_le_bytes());
        out.extend_from_slice(&[high0, high1, SCRAMBLE as u8 + 1]);
        out.extend_from_slice(&[0; 10]);
        out.extend_from_slice(second);
        out.push(0);
        if self.capabilities & capability::PLUGIN_AUTH != 0 {
            out.extend_from_slice(self.plugin.as_bytes());
            out.push(0);
        }
    }

    /// Reads the payload. `None` also for protocols before 4.1, which have no scramble of 20 bytes.
    pub fn decode(payload: &[u8]) -> Option<Greeting> {
        let mut buf = payload.strip_prefix(&[10])?;
        let buf = &mut buf;
        let version = String::from_utf8_lossy(nul_str(buf)?).into_owned();
        let connection_id = u32::from_le_bytes(array(buf)?);
        let mut scramble = [0; SCRAMBLE];
        scramble[..8].copy_from_slice(take(buf, 8)?);
        take(buf, 1)?;
        let [low0, low1, charset] = array(buf)?;
        let status = u16::from_le_bytes(array(buf)?);
        let [high0, high1, _] = array(buf)?;
        let capabilities = u32::from_le_bytes([low0, low1, high0, high1]);
        take(buf, 10)?;
        scramble[8..].copy_from_slice(take(buf, SCRAMBLE - 8)?);
        // The scramble's closing zero.
        let _ = take(buf, 1);
        let plugin = if capabilities & capability::PLUGIN_AUTH != 0 {
            let rest = *buf;
            let name = nul_str(buf).unwrap_or(rest);
            String::from_utf8_lossy(name).into_owned()
        } else {
            String::new()
        };
        Some(Greeting { version, connection_id, scramble, capabilities, charset, status, plugin })
    }
}

/// A version as `VERSION()` prints it: without the `5.5.5-` that MariaDB sends before it in greetings.
pub fn plain_version(version: &str) -> &str {
    version.strip_prefix("5.5.5-").unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_greeting_comes_back() {
        let greeting = Greeting {
            version: "5.5.5-10.11.6-MariaDB".into(),
            connection_id: 77,
            scramble: *b"abcdefghijklmnopqrst",
            capabilities: capability::SERVED,
            charset: 45,
            status: 2,
            plugin: "mysql_native_password".into(),
        };
        let mut out = Vec::new();
        greeting.encode(&mut out);
        assert_eq!(Greeting::decode(&out), Some(greeting.clone()));
        assert_eq!(plain_version(&greeting.version), "10.11.6-MariaDB");
        for len in 0..out.len() - 24 {
            let _ = Greeting::decode(&out[..len]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_do_not(bytes: Vec<u8>) {
            let _ = Greeting::decode(&bytes);
            let _ = Greeting::decode(&[&[10, 0][..], &bytes].concat());
        }
    }
}
