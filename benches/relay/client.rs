//! A client that costs next to nothing: blocking, one buffer, rows counted and not kept. What is measured is then the
//! other end. Protocol: MySQL source documentation, "Client/Server Protocol".

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{Ipv4Addr, TcpStream};

use mysql_common::scramble::{scramble_native, scramble_sha256};

/// LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH, DEPRECATE_EOF.
const CAPABILITIES: u32 = 1 | 8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000 | 0x100_0000;
/// `utf8mb4_general_ci`.
const COLLATION: u8 = 45;
const QUIT: u8 = 1;
const QUERY: u8 = 3;
/// A buffer for short answers, and one for long ones.
pub const SHORT: usize = 4 << 10;
pub const LONG: usize = 256 << 10;

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects and logs in. `buffer`: [`SHORT`] or [`LONG`].
    pub fn connect(port: u16, user: &str, password: &str, database: &str, buffer: usize) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream: BufReader::with_capacity(buffer, stream) };
        let greeting = client.packet()?;
        let mut rest = greeting.get(1..).unwrap_or_default();
        text(&mut rest)?;
        let fixed = rest.get(..4 + 8 + 19 + 12).ok_or(ErrorKind::InvalidData)?;
        let nonce = [&fixed[4..12], &fixed[31..43]].concat();
        let mut rest = &rest[fixed.len() + 1..];
        let plugin = text(&mut rest)?;
        let proof = proof(&plugin, &nonce, password);
        let mut answer = CAPABILITIES.to_le_bytes().to_vec();
        answer.extend((64u32 << 20).to_le_bytes());
        answer.push(COLLATION);
        answer.extend([0; 23]);
        answer.extend([user.as_bytes(), &[0, proof.len() as u8]].concat());
        answer.extend(proof);
        answer.extend([database.as_bytes(), &[0], plugin.as_bytes(), &[0]].concat());
        client.write(1, &answer)?;
        loop {
            match client.packet()?.as_slice() {
                [0, ..] => return Ok(client),
                // caching_sha2: the server knows the proof already.
                [1, 3] => {}
                [0xFF, message @ ..] => return Err(refused(message)),
                other => return Err(Error::other(format!("login: {}", other.escape_ascii()))),
            }
        }
    }

    /// Runs a statement and forgets its rows. Answers the bytes of the rows' packets.
    pub fn query(&mut self, sql: &str) -> Result<u64> {
        self.send(sql)?;
        self.receive(|_| ())
    }

    pub fn send(&mut self, sql: &str) -> Result<()> {
        self.write(0, &[&[QUERY], sql.as_bytes()].concat())
    }

    /// Reads the answer to what was sent; `each` is told after each row how many bytes have come.
    pub fn receive(&mut self, mut each: impl FnMut(u64)) -> Result<u64> {
        let head = self.packet()?;
        match head.as_slice() {
            [0, ..] => return Ok(0),
            [0xFF, message @ ..] => return Err(refused(message)),
            // No result here has more than 250 columns.
            [columns, ..] => (0..*columns).try_for_each(|_| self.packet().map(drop))?,
            [] => return Err(ErrorKind::InvalidData.into()),
        }
        let mut bytes = 0;
        loop {
            let length = self.length()?;
            let kind = self.stream.fill_buf()?.first().copied();
            if kind == Some(0xFF) || (kind == Some(0xFE) && length < 0xFF_FFFF) {
                let last = self.payload(length)?;
                return if last[0] == 0xFF { Err(refused(&last[1..])) } else { Ok(bytes) };
            }
            self.skip(length)?;
            bytes += length as u64;
            each(bytes);
        }
    }

    /// Takes leave as clients do, and closes.
    pub fn quit(mut self) -> Result<()> {
        self.write(0, &[QUIT])
    }

    /// Writes one packet.
    fn write(&mut self, sequence: u8, payload: &[u8]) -> Result<()> {
        assert!(payload.len() < 0xFF_FFFF, "a statement of {} bytes", payload.len());
        let mut packet = Vec::with_capacity(payload.len() + 4);
        packet.extend(&(payload.len() as u32).to_le_bytes()[..3]);
        packet.push(sequence);
        packet.extend(payload);
        self.stream.get_mut().write_all(&packet)
    }

    fn packet(&mut self) -> Result<Vec<u8>> {
        let length = self.length()?;
        self.payload(length)
    }

    fn length(&mut self) -> Result<usize> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head)?;
        head[3] = 0;
        Ok(u32::from_le_bytes(head) as usize)
    }

    fn payload(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload)?;
        Ok(payload)
    }

    fn skip(&mut self, mut length: usize) -> Result<()> {
        while length > 0 {
            let there = self.stream.fill_buf()?.len().min(length);
            if there == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.stream.consume(there);
            length -= there;
        }
        Ok(())
    }
}

fn proof(plugin: &str, nonce: &[u8], password: &str) -> Vec<u8> {
    if plugin == "caching_sha2_password" {
        scramble_sha256(nonce, password.as_bytes()).map_or_else(Vec::new, Vec::from)
    } else {
        scramble_native(nonce, password.as_bytes()).map_or_else(Vec::new, Vec::from)
    }
}

/// A text up to a zero byte, taken from the front.
fn text(rest: &mut &[u8]) -> Result<String> {
    let end = rest.iter().position(|&byte| byte == 0).ok_or(ErrorKind::InvalidData)?;
    let text = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    Ok(text)
}

fn refused(message: &[u8]) -> Error {
    Error::other(String::from_utf8_lossy(message.get(2..).unwrap_or_default()).into_owned())
}
