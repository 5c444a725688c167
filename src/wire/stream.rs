//! Packets over any byte stream: framing, sequence numbers, buffers (MySQL source docs, "MySQL Packets").
//!
//! A payload of 16 MiB - 1 and more travels as several frames; [`PacketStream`] joins and splits them. The read buffer
//! is empty memory until the peer speaks and goes back to little after large packets, so that ten thousand idle
//! clients stay small. Reads lose nothing when their future is dropped half-way.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::base::{Code, Error, Fate, Origin, Result};

/// Bytes of a frame's header: length (3, little endian) and sequence number.
pub const HEADER: usize = 4;
/// The longest payload of one frame; a frame of this length is continued by another.
pub const MAX_FRAME: usize = 0xFF_FFFF;
/// The longest packet that MySQL's `max_allowed_packet` allows.
pub const MAX_PACKET: usize = 1 << 30;

/// Bytes read at once, and kept, while a connection says little.
const SMALL: usize = 4096;
/// Bytes read at once while a connection says much.
const LARGE: usize = 64 * 1024;
/// The first allocation of a read buffer.
const FIRST: usize = 1024;
/// Bytes taken in ahead while waiting for a peer to hang up.
const AHEAD: usize = LARGE;

/// Who is at the other end: decides the words and the origin of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// An application.
    Client,
    /// A MySQL server.
    Server,
}

/// A connection that speaks in packets.
#[derive(Debug)]
pub struct PacketStream<S> {
    io: S,
    peer: Peer,
    read: BytesMut,
    /// Frames of 16 MiB - 1 of the packet that is still arriving.
    joined: BytesMut,
    joining: bool,
    chunk: usize,
    grown: bool,
    eof: bool,
    write: Vec<u8>,
    written: usize,
    /// Bytes of all that was written before what is in the buffer.
    gone: u64,
    sequence: u8,
    max_packet: usize,
}

/// A place between packets that are queued.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    at: u64,
    sequence: u8,
}

impl<S> PacketStream<S> {
    /// A stream whose other end is a client.
    pub fn to_client(io: S) -> Self {
        Self::new(io, Peer::Client)
    }

    /// A stream whose other end is a MySQL server.
    pub fn to_server(io: S) -> Self {
        Self::new(io, Peer::Server)
    }

    fn new(io: S, peer: Peer) -> Self {
        Self {
            io,
            peer,
            read: BytesMut::new(),
            joined: BytesMut::new(),
            joining: false,
            chunk: SMALL,
            grown: false,
            eof: false,
            write: Vec::new(),
            written: 0,
            gone: 0,
            sequence: 0,
            max_packet: MAX_PACKET,
        }
    }

    /// The longest packet that [`read_packet`](Self::read_packet) accepts, in bytes of payload.
    pub fn set_max_packet(&mut self, bytes: usize) {
        self.max_packet = bytes;
    }

    /// The next frame, read or written, has this sequence number.
    pub fn reset_sequence(&mut self, next: u8) {
        self.sequence = next;
    }

    /// The sequence number of the next frame.
    pub fn sequence(&self) -> u8 {
        self.sequence
    }

    /// The transport.
    pub fn io(&self) -> &S {
        &self.io
    }

    /// The transport and nothing else, to wrap it in TLS. Fails when the peer has sent bytes that were not asked for
    /// (they would count as encrypted) or when bytes are still to be written.
    pub fn into_io(self) -> Result<S> {
        if self.read.is_empty() && self.write.is_empty() && !self.joining {
            Ok(self.io)
        } else {
            Err(malformed(self.peer, "bytes before the TLS handshake"))
        }
    }

    /// Gives back memory that large packets took. [`read_command`](Self::read_command) does so by itself; a pool calls
    /// it when a connection comes home.
    pub fn rest(&mut self) {
        self.chunk = SMALL;
        if self.grown && self.read.is_empty() {
            self.read = BytesMut::new();
            self.grown = false;
        }
        if self.write.is_empty() && self.write.capacity() > SMALL {
            self.write = Vec::new();
        }
    }

    // ---- reading: what is in the buffer -------------------------------------------------------------------------

    /// Bytes that have arrived and are not consumed.
    pub fn buffered(&self) -> &[u8] {
        &self.read
    }

    /// Drops the first `n` bytes of [`buffered`](Self::buffered) (all of them when there are fewer).
    pub fn consume(&mut self, n: usize) {
        let n = n.min(self.read.len());
        self.read.advance(n);
    }

    /// Whether the peer is known to have closed its side.
    pub fn at_eof(&self) -> bool {
        self.eof
    }

    /// The next packet's payload when all of it has arrived, without reading.
    pub fn buffered_packet(&mut self) -> Result<Option<Bytes>> {
        loop {
            let Some(&[a, b, c, sequence]) = self.read.first_chunk::<HEADER>() else { return Ok(None) };
            let len = u32::from_le_bytes([a, b, c, 0]) as usize;
            if sequence != self.sequence {
                return Err(net_error(1156, "Got packets out of order", self.peer));
            }
            if self.joined.len() + len > self.max_packet {
                let text = "Got a packet bigger than 'max_allowed_packet' bytes";
                return Err(Error { origin: origin(self.peer), ..Error::client(Code::PacketTooLarge, text) });
            }
            if self.read.len() < HEADER + len {
                return Ok(None);
            }
            self.sequence = sequence.wrapping_add(1);
            self.read.advance(HEADER);
            let payload = self.read.split_to(len);
            if len == MAX_FRAME || self.joining {
                self.joined.unsplit_or_extend(payload);
                self.joining = len == MAX_FRAME;
                if self.joining {
                    continue;
                }
                return Ok(Some(std::mem::take(&mut self.joined).freeze()));
            }
            return Ok(Some(payload.freeze()));
        }
    }

    // ---- writing: into the buffer -------------------------------------------------------------------------------

    /// Queues one packet with the next sequence number; a long one as several frames.
    pub fn queue_packet(&mut self, payload: &[u8]) {
        let mut chunks = payload.chunks_exact(MAX_FRAME);
        for chunk in &mut chunks {
            self.queue_frame(chunk);
        }
        self.queue_frame(chunks.remainder());
    }

    /// Queues one packet whose payload `fill` appends to the buffer, with no copy in between. `fill` must only append.
    pub fn queue_with<R>(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let start = self.write.len();
        self.write.extend_from_slice(&[0; HEADER]);
        let result = fill(&mut self.write);
        let len = self.write.len().saturating_sub(start + HEADER);
        if len < MAX_FRAME {
            let header = self.header(len);
            if let Some(place) = self.write.get_mut(start..start + HEADER) {
                place.copy_from_slice(&header);
            }
        } else {
            let payload = self.write.split_off(start + HEADER);
            self.write.truncate(start);
            self.queue_packet(&payload);
        }
        result
    }

    /// Queues bytes as they are: whole frames that another server or client wrote.
    pub fn queue_raw(&mut self, bytes: &[u8]) {
        self.write.extend_from_slice(bytes);
    }

    /// Bytes queued and not yet written.
    pub fn queued(&self) -> usize {
        self.write.len() - self.written
    }

    /// The place behind all that is queued.
    pub fn mark(&self) -> Mark {
        Mark { at: self.gone + self.write.len() as u64, sequence: self.sequence }
    }

    /// Forgets what was queued since then; `false`, and nothing is forgotten, where the peer has some of it.
    pub fn take_back(&mut self, mark: Mark) -> bool {
        let queued =
            mark.at.checked_sub(self.gone).map(|len| len as usize).filter(|len| *len >= self.written);
        if let Some(len) = queued {
            self.write.truncate(len);
            self.sequence = mark.sequence;
        }
        queued.is_some()
    }

    fn queue_frame(&mut self, payload: &[u8]) {
        let header = self.header(payload.len());
        self.write.reserve(HEADER + payload.len());
        self.write.extend_from_slice(&header);
        self.write.extend_from_slice(payload);
    }

    fn header(&mut self, len: usize) -> [u8; HEADER] {
        let [a, b, c, _] = (len as u32).to_le_bytes();
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        [a, b, c, sequence]
    }

    /// Marks `n` bytes of the write buffer followed by `extra` as written; returns how many were of `extra`.
    fn wrote(&mut self, n: usize) -> usize {
        let own = self.queued().min(n);
        self.written += own;
        if self.written == self.write.len() {
            self.gone += self.written as u64;
            self.write.clear();
            self.written = 0;
        }
        let extra = n - own;
        self.gone += extra as u64;
        extra
    }
}

impl PacketStream<TcpStream> {
    /// Moves the socket to the reactor of the runtime that calls.
    pub fn move_here(self) -> io::Result<Self> {
        Ok(Self { io: TcpStream::from_std(self.io.into_std()?)?, ..self })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> PacketStream<S> {
    /// Reads one packet: its whole payload, frames joined. `None` when the peer closed between packets.
    /// Errors: 1156 for a wrong sequence number, 1153 for a packet over the limit, the peer's loss inside of a packet;
    /// all of them close the connection. Cancel safe.
    pub async fn read_packet(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_packet(cx)).await
    }

    fn poll_packet(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            if let Some(packet) = self.buffered_packet()? {
                return Poll::Ready(Ok(Some(packet)));
            }
            if ready!(self.poll_fill(cx))? == 0 {
                let between = self.read.is_empty() && !self.joining;
                return Poll::Ready(if between { Ok(None) } else { Err(self.lost(None)) });
            }
        }
    }

    /// Reads a client's next command: a packet that begins with sequence number 0. Gives back spare memory before it
    /// waits. Cancel safe.
    pub async fn read_command(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_command(cx)).await
    }

    /// The same as a poll.
    pub fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        if !self.joining {
            self.sequence = 0;
            if self.read.is_empty() {
                self.rest();
            }
        }
        self.poll_packet(cx)
    }

    /// Reads the packet that was found to be over the limit to its end and forgets it: a peer that is still writing gets
    /// to read the error. Not cancel safe.
    pub async fn skip_packet(&mut self) -> Result<()> {
        self.joined = BytesMut::new();
        self.joining = false;
        loop {
            let Some(&[a, b, c, sequence]) = self.read.first_chunk::<HEADER>() else {
                if self.fill().await? == 0 {
                    return Err(self.lost(None));
                }
                continue;
            };
            self.read.advance(HEADER);
            self.sequence = sequence.wrapping_add(1);
            let len = u32::from_le_bytes([a, b, c, 0]) as usize;
            let mut left = len;
            loop {
                let here = left.min(self.read.len());
                self.consume(here);
                left -= here;
                if left == 0 {
                    break;
                }
                if self.fill().await? == 0 {
                    return Err(self.lost(None));
                }
            }
            if len < MAX_FRAME {
                return Ok(());
            }
        }
    }

    /// Reads once into the buffer; returns how many bytes came, 0 when the peer closed. Cancel safe.
    pub async fn fill(&mut self) -> Result<usize> {
        poll_fn(|cx| self.poll_fill(cx)).await
    }

    /// Resolves when the peer hung up and nothing it sent is left to answer. What it sends meanwhile stays in the buffer
    /// (up to 64 KiB, then the future waits for ever: whoever reads on sees the end). Cancel safe; meant for `select!`.
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// The same as a poll.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        const QUIT: &[u8] = &[1, 0, 0, 0, 1];
        while self.read.len() < AHEAD && !self.eof {
            if ready!(self.poll_fill(cx)).is_err() {
                return Poll::Ready(());
            }
        }
        if self.eof && (self.read.is_empty() || *self.read == *QUIT) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Writes all that is queued. Cancel safe: a second call goes on where the first was dropped.
    pub async fn flush(&mut self) -> Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// The same as a poll.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_write_all(cx, &mut &[][..])
    }

    /// Writes what is queued and then `bytes`, which are whole frames of someone else, without copying them.
    /// Not cancel safe: when the future is dropped half-way, the connection must be closed.
    pub async fn write_all_raw(&mut self, bytes: &[u8]) -> Result<()> {
        let mut bytes = bytes;
        poll_fn(|cx| self.poll_write_all(cx, &mut bytes)).await
    }

    /// Reads once into the buffer, as [`fill`](Self::fill) does.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize>> {
        if self.eof {
            return Poll::Ready(Ok(0));
        }
        self.poll_read(cx).map_err(|e| self.lost(Some(&e)))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let n = if self.chunk == SMALL {
            // Reading over the stack, so that a connection that waits holds no buffer.
            let mut space = [MaybeUninit::<u8>::uninit(); SMALL];
            let mut space = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut space))?;
            let got = space.filled();
            self.read.reserve(got.len().max(FIRST));
            self.read.extend_from_slice(got);
            got.len()
        } else {
            self.read.reserve(self.chunk);
            ready!(pin!(self.io.read_buf(&mut self.read)).poll(cx))?
        };
        if n == 0 {
            self.eof = true;
        } else if n >= self.chunk {
            self.chunk = (self.chunk * 4).min(LARGE);
        }
        self.grown |= self.chunk > SMALL || self.read.len() > SMALL;
        Poll::Ready(Ok(n))
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>, bytes: &mut &[u8]) -> Poll<Result<()>> {
        self.poll_write(cx, bytes).map_err(|e| self.lost(Some(&e)))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &mut &[u8]) -> Poll<io::Result<()>> {
        while self.queued() + bytes.len() > 0 {
            let io = Pin::new(&mut self.io);
            let queued = self.write.get(self.written..).unwrap_or_default();
            let n = ready!(match (queued.is_empty(), bytes.is_empty()) {
                (true, _) => io.poll_write(cx, bytes),
                (_, true) => io.poll_write(cx, queued),
                _ => io.poll_write_vectored(cx, &[IoSlice::new(queued), IoSlice::new(bytes)]),
            })?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let extra = self.wrote(n).min(bytes.len());
            *bytes = &bytes[extra..];
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn lost(&self, cause: Option<&io::Error>) -> Error {
        let cause = cause.map_or_else(|| "closed inside of a packet".to_owned(), ToString::to_string);
        match self.peer {
            Peer::Client => {
                net_error(1158, &format!("Got an error reading communication packets: {cause}"), self.peer)
            }
            Peer::Server => {
                Error::new(Code::SourceLost, format!("Lost connection to MySQL server during query: {cause}"))
                    .with_fate(Fate::Close)
            }
        }
    }
}

/// Appending to a buffer that may still be empty, without a copy in that case.
trait Join {
    fn unsplit_or_extend(&mut self, more: BytesMut);
}

impl Join for BytesMut {
    fn unsplit_or_extend(&mut self, more: BytesMut) {
        if self.is_empty() {
            *self = more;
        } else {
            self.extend_from_slice(&more);
        }
    }
}

fn origin(peer: Peer) -> Origin {
    match peer {
        Peer::Client => Origin::Client,
        // Not `Backend`: that means the server's own words.
        Peer::Server => Origin::Proxy,
    }
}

/// A communication error (1156, 1158…: SQLSTATE 08S01) that closes the connection.
pub(super) fn net_error(errno: u16, message: &str, peer: Peer) -> Error {
    Error { errno, sqlstate: *b"08S01", message: message.to_owned(), origin: origin(peer), fate: Fate::Close }
}

/// A packet that does not decode (1835); closes the connection.
pub(super) fn malformed(peer: Peer, what: &str) -> Error {
    let text = format!("Malformed communication packet: {what}");
    Error { origin: origin(peer), ..Error::client(Code::MalformedPacket, text) }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
