//! LOAD DATA LOCAL as a client does it.

use super::client::{Answer, Client, Failure, Login, Result};
use super::packets::{done, refusal};

/// The client can send files.
pub const CLIENT_LOCAL_FILES: u32 = 0x80;

impl Login {
    /// With the capability to send files.
    #[must_use]
    pub fn with_files(self) -> Self {
        Self { capabilities: self.capabilities | CLIENT_LOCAL_FILES, ..self }
    }
}

impl Client {
    /// Runs a LOAD DATA LOCAL with a file that is sent in pieces. The server must ask for `file`, if it asks.
    pub async fn load(&mut self, sql: &str, bytes: &[u8], piece: usize) -> Result<Answer> {
        if let Some(answer) = self.asked(sql).await? {
            return Ok(answer);
        }
        for part in bytes.chunks(piece) {
            self.write(part).await?;
        }
        self.write(&[]).await?;
        self.answered().await
    }

    /// Sends a LOAD DATA LOCAL; `None` when the server asks for the file.
    pub async fn asked(&mut self, sql: &str) -> Result<Option<Answer>> {
        self.command(3, sql.as_bytes()).await?;
        let packet = self.read().await?;
        match packet.split_first() {
            Some((0xFB, name)) if name == b"file" => Ok(None),
            Some((0xFB, name)) => Err(Failure::Broken(format!("asked for {}", name.escape_ascii()))),
            Some((0xFF, _)) => Ok(Some(Answer::Refused(refusal(&packet)))),
            _ => Ok(Some(Answer::Done(done(&packet)))),
        }
    }

    /// The answer after the file.
    pub async fn answered(&mut self) -> Result<Answer> {
        let packet = self.read().await?;
        Ok(match packet.first() {
            Some(0xFF) => Answer::Refused(refusal(&packet)),
            _ => Answer::Done(done(&packet)),
        })
    }
}
