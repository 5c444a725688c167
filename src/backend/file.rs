//! LOAD DATA LOCAL on a connection to a server: it asks for the file, gets it in packets, and answers after the empty
//! one (MySQL source docs, "LOCAL INFILE Request"). Which file it asks for is nobody's business here: it gets what the
//! caller has.

use super::answer::Summary;
use super::conn::Conn;
use crate::base::{Code, Error, Result};
use crate::wire::packet;

/// Bytes of a packet: below every server's max_allowed_packet.
const PACKET: usize = 128 * 1024;

/// What a server says to LOAD DATA LOCAL at first.
#[derive(Debug)]
pub enum Wanted {
    /// It waits for the file.
    File,
    /// It is done without it.
    Nothing(Summary),
}

impl Conn {
    /// Reads the first packet of the answer. An error is the server's.
    pub fn file_wanted(&mut self, first: &[u8]) -> Result<Wanted> {
        let read = match first.first() {
            Some(0xFB) => return Ok(Wanted::File),
            Some(0x00) => packet::decode_ok(first).map(|ok| Ok(Wanted::Nothing(ok.into()))),
            Some(0xFF) => packet::decode_err(first).map(Err),
            _ => None,
        };
        self.finished();
        read.unwrap_or_else(|| Err(self.malformed()))
    }

    /// Queues a part of the file; an empty one ends it.
    pub fn queue_file(&mut self, part: &[u8]) {
        self.stream().queue_packet(part);
    }

    /// Writes what is queued.
    pub async fn flush_file(&mut self) -> Result<()> {
        let flushed = self.stream().flush().await;
        flushed.map_err(|error| {
            self.give_up();
            let text = format!("the connection to source \"{}\" was lost: {}", self.name(), error.message);
            Error::new(Code::SourceLost, text)
        })
    }

    /// Runs a LOAD DATA LOCAL that was sent, with this file.
    pub async fn load(&mut self, file: &[u8]) -> Result<Summary> {
        let first = self.packet().await?;
        if let Wanted::Nothing(summary) = self.file_wanted(&first)? {
            return Ok(summary);
        }
        for part in file.chunks(PACKET) {
            self.queue_file(part);
            self.flush_file().await?;
        }
        self.queue_file(&[]);
        self.flush_file().await?;
        self.answer(0).await.map(|answer| answer.ok)
    }
}
