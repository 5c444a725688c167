//! Our side as a client: logging in to a MySQL server over any stream.

use tokio::io::{AsyncRead, AsyncWrite};

use super::auth::{self, Plugin};
use super::capability as cap;
use super::command::Command;
use super::greeting::{Greeting, SCRAMBLE};
use super::handshake::{Attribute, AuthSwitch, ChangeUser, HandshakeResponse, decode_more_data};
use super::packet;
use super::rsa;
use super::stream::{MAX_PACKET, PacketStream, Peer, malformed};
use crate::base::{Code, Error, Fate, Result};

/// `utf8mb4_general_ci`: what a login says for a collation whose id does not fit into its byte.
const UTF8MB4: u8 = 45;

/// How to log in to a server.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// Name of the user.
    pub user: String,
    /// In plain text; empty for none.
    pub password: String,
    /// Selected at once.
    pub database: Option<String>,
    /// Collation id. Above 255 the login says utf8mb4, and the caller sends SET NAMES.
    pub charset: u16,
    /// [`capability`](super::capability) flags wanted beyond [`REQUIRED`](cap::REQUIRED). SSL, COMPRESS and the
    /// like are not served and must not be among them.
    pub capabilities: u32,
    /// Connection attributes.
    pub attrs: Vec<Attribute>,
    /// The stream cannot be listened to (TLS, a unix socket): caching_sha2 may send the password in clear.
    pub secure: bool,
}

/// What a server said of itself at login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// As in the greeting; see [`plain_version`](super::greeting::plain_version).
    pub version: String,
    /// What `CONNECTION_ID()` answers.
    pub connection_id: u32,
    /// Flags that both sides have.
    pub capabilities: u32,
    /// [`status`](super::status) flags after login.
    pub status: u16,
    /// The server's default collation, low byte.
    pub charset: u8,
    scramble: [u8; SCRAMBLE],
}

/// Logs in. Errors: the server's own (1045…), 2012 and 2059 for a handshake or plugin that cannot be, the stream's loss.
/// All close the connection. No deadline: wrap it in one.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    login: &Login,
) -> Result<(PacketStream<S>, ServerInfo)> {
    for name in [&login.user, login.database.as_ref().unwrap_or(&String::new())] {
        if name.contains('\0') {
            return Err(client_error(2012, "a user or database name contains a zero byte"));
        }
    }
    let mut stream = PacketStream::to_server(io);
    let packet = next(&mut stream).await?;
    if let Some(error) = packet::decode_err(&packet) {
        return Err(error.with_fate(Fate::Close));
    }
    let Some(greeting) = Greeting::decode(&packet) else {
        return Err(client_error(2012, "the greeting does not decode: is this a MySQL server?"));
    };
    let plugin = Plugin::named(&greeting.plugin).unwrap_or(Plugin::Native);
    let response = respond(login, &greeting, plugin)?;
    let capabilities = response.capabilities;
    stream.queue_with(|out| response.encode(out));
    stream.flush().await?;
    let status = prove(&mut stream, login, plugin, &greeting.scramble).await?;
    stream.set_max_packet(MAX_PACKET);
    stream.rest();
    let info = ServerInfo {
        version: greeting.version,
        connection_id: greeting.connection_id,
        capabilities,
        status,
        charset: greeting.charset,
        scramble: greeting.scramble,
    };
    Ok((stream, info))
}

/// Becomes another user on an open connection (COM_CHANGE_USER); answers the new status flags. The stream must be at a
/// command boundary. An error closes the connection.
pub async fn change_user<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
    info: &ServerInfo,
    login: &Login,
) -> Result<u16> {
    // As libmysql does: the server begins with a challenge of its own. Those that do not take an answer to the first one.
    let plugin = Plugin::Native;
    let body = ChangeUser {
        user: login.user.clone().into_bytes(),
        auth: plugin.prove(login.password.as_bytes(), &info.scramble),
        database: login.database.clone().map(String::into_bytes),
        charset: Some(login.charset),
        plugin: Some(plugin.name().to_owned()),
        attributes: login.attrs.clone(),
    };
    let mut bytes = Vec::new();
    body.encode(&mut bytes, info.capabilities);
    stream.queue_command(&Command::ChangeUser(&bytes));
    stream.flush().await?;
    prove(stream, login, plugin, &info.scramble).await
}

fn respond(login: &Login, greeting: &Greeting, plugin: Plugin) -> Result<HandshakeResponse> {
    let needed = cap::PROTOCOL_41 | cap::SECURE_CONNECTION;
    if greeting.capabilities & needed != needed {
        return Err(client_error(2012, "the server is older than MySQL 4.1"));
    }
    let mut wanted = (login.capabilities | cap::REQUIRED) & !(cap::CONNECT_WITH_DB | cap::CONNECT_ATTRS);
    if login.database.is_some() {
        wanted |= cap::CONNECT_WITH_DB;
    }
    if !login.attrs.is_empty() {
        wanted |= cap::CONNECT_ATTRS;
    }
    // MariaDB leaves LONG_PASSWORD out of its greeting, to say that it has extended capabilities.
    let capabilities = wanted & (greeting.capabilities | cap::LONG_PASSWORD);
    Ok(HandshakeResponse {
        capabilities,
        max_packet: MAX_PACKET as u32,
        charset: u8::try_from(login.charset).unwrap_or(UTF8MB4),
        user: login.user.clone().into_bytes(),
        auth: plugin.prove(login.password.as_bytes(), &greeting.scramble),
        database: login.database.clone().map(String::into_bytes),
        plugin: Some(plugin.name().to_owned()),
        attributes: login.attrs.clone(),
    })
}

/// The dialogue from the first proof to OK; answers the status flags.
async fn prove<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
    login: &Login,
    plugin: Plugin,
    scramble: &[u8],
) -> Result<u16> {
    let (mut plugin, mut scramble) = (plugin, scramble.to_vec());
    // A server that goes on for ever is no server.
    for _ in 0..8 {
        let packet = next(stream).await?;
        match packet.first() {
            Some(0x00) => {
                let ok =
                    packet::decode_ok(&packet).ok_or_else(|| malformed(Peer::Server, "OK after login"))?;
                return Ok(ok.status);
            }
            Some(0xFF) => {
                let error =
                    packet::decode_err(&packet).ok_or_else(|| malformed(Peer::Server, "ERR after login"))?;
                return Err(error.with_fate(Fate::Close));
            }
            Some(0xFE) => {
                let switch =
                    AuthSwitch::decode(&packet).ok_or_else(|| malformed(Peer::Server, "auth switch"))?;
                plugin = Plugin::named(&switch.plugin).ok_or_else(|| unknown_plugin(&switch.plugin))?;
                scramble = switch.data;
                let proof = plugin.prove(login.password.as_bytes(), &scramble);
                stream.queue_packet(&proof);
                stream.flush().await?;
            }
            Some(0x01) if plugin == Plugin::CachingSha2 => match decode_more_data(&packet) {
                Some([3]) => {}
                Some([4]) => full_authentication(stream, login, &scramble).await?,
                _ => return Err(malformed(Peer::Server, "caching_sha2_password")),
            },
            _ => return Err(malformed(Peer::Server, "authentication")),
        }
    }
    Err(malformed(Peer::Server, "authentication without an end"))
}

/// Sends the password itself: in clear over a secure stream, else encrypted with the server's key.
async fn full_authentication<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
    login: &Login,
    scramble: &[u8],
) -> Result<()> {
    let password = login.password.as_bytes();
    if login.secure {
        stream.queue_packet(&auth::closed(password));
        return stream.flush().await;
    }
    stream.queue_packet(&[0x02]);
    stream.flush().await?;
    let packet = next(stream).await?;
    if let Some(error) = packet::decode_err(&packet) {
        return Err(error.with_fate(Fate::Close));
    }
    let key = decode_more_data(&packet).unwrap_or_default();
    let encrypted = rsa::encrypt(key, &auth::masked(password, scramble)).ok_or_else(|| {
        client_error(2061, "the server's RSA key does not decode, or is too short for the password")
    })?;
    stream.queue_packet(&encrypted);
    stream.flush().await
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut PacketStream<S>) -> Result<bytes::Bytes> {
    match stream.read_packet().await? {
        Some(packet) => Ok(packet),
        None => Err(Error::new(Code::SourceLost, "Lost connection to MySQL server during login")
            .with_fate(Fate::Close)),
    }
}

fn unknown_plugin(name: &str) -> Error {
    let why = match name {
        "mysql_clear_password" => "it would send the password in clear".to_owned(),
        "" => "passwords of MySQL before 4.1 are not safe".to_owned(),
        _ => "Shardgate does not speak it".to_owned(),
    };
    client_error(
        2059,
        &format!(
            "Authentication plugin '{name}' cannot be loaded: {why}; \
             give the user mysql_native_password or caching_sha2_password"
        ),
    )
}

/// An error of MySQL's client library (2012 handshake, 2059 plugin…).
fn client_error(errno: u16, message: &str) -> Error {
    Error { errno, ..Error::new(Code::Internal, message).with_fate(Fate::Close) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn login() -> Login {
        Login { user: "app".into(), password: "secret".into(), charset: 45, ..Login::default() }
    }

    fn greeting(plugin: &str) -> Greeting {
        Greeting {
            version: "9.7.0".into(),
            connection_id: 5,
            scramble: auth::scramble(),
            capabilities: cap::SERVED,
            charset: 255,
            status: 2,
            plugin: plugin.into(),
        }
    }

    /// A server that greets, then sends these payloads, whatever the client says.
    async fn against(plugin: &str, answers: Vec<Vec<u8>>) -> Result<ServerInfo> {
        let (ours, theirs) = duplex(1 << 16);
        let greeting = greeting(plugin);
        let server = tokio::spawn(async move {
            let mut stream = PacketStream::to_client(theirs);
            stream.queue_with(|out| greeting.encode(out));
            stream.flush().await?;
            for answer in answers {
                if stream.read_packet().await?.is_none() {
                    break;
                }
                stream.queue_packet(&answer);
                stream.flush().await?;
            }
            Ok::<_, Error>(())
        });
        let result = connect(ours, &login()).await;
        server.abort();
        result.map(|(_, info)| info)
    }

    #[tokio::test]
    async fn clear_passwords_are_refused() {
        let mut switch = Vec::new();
        AuthSwitch { plugin: "mysql_clear_password".into(), data: vec![] }.encode(&mut switch);
        let error = against("mysql_native_password", vec![switch]).await.unwrap_err();
        assert_eq!((error.errno, error.fate), (2059, Fate::Close));
        assert!(error.message.contains("in clear"));
    }

    #[tokio::test]
    async fn a_bad_rsa_key_is_an_error() {
        let answers =
            vec![vec![1, 4], b"\x01-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----".to_vec()];
        assert_eq!(against("caching_sha2_password", answers).await.unwrap_err().errno, 2061);
    }

    #[tokio::test]
    async fn the_server_s_error_is_its_own() {
        let answers = vec![b"\xff\x15\x04#28000Access denied".to_vec()];
        let error = against("caching_sha2_password", answers).await.unwrap_err();
        assert_eq!((error.errno, error.message.as_str()), (1045, "Access denied"));
        let ok = vec![vec![0, 0, 0, 2, 0, 0, 0]];
        assert_eq!(against("mysql_native_password", ok).await.unwrap().status, 2);
    }

    #[tokio::test]
    async fn garbage_is_an_error() {
        for bytes in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\x03\x00\x00\x00abc", b"", b"\x01\x00"] {
            let (ours, mut theirs) = duplex(1 << 16);
            theirs.write_all(bytes).await.unwrap();
            theirs.shutdown().await.unwrap();
            let result = connect(ours, &login()).await;
            assert_eq!(result.err().map(|e| e.fate), Some(Fate::Close));
            let _ = theirs.read(&mut [0; 8]).await;
        }
    }
}
