//! The server's side of a login: greeting, proof, and COM_CHANGE_USER. Whether the database exists is not known here: the
//! caller says so with [`welcome`] or an error packet of its own.

use tokio::io::{AsyncRead, AsyncWrite};

use super::auth::{self, Plugin};
use super::capability as cap;
use super::greeting::{Greeting as Packet, SCRAMBLE};
use super::handshake::{Attribute, AuthSwitch, ChangeUser, HandshakeResponse, Reply, put_more_data};
use super::packet::{self, OkPacket};
use super::stream::{MAX_PACKET, PacketStream, Peer, net_error};
use crate::base::{Code, Error, Result};

/// The longest packet that a stranger may send, in bytes: attributes are 64 KiB at most.
const STRANGER: usize = 1 << 18;

/// Finds a user's password; `None` for an unknown user.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + Send + Sync + 'a;

/// What clients are greeted with.
#[derive(Debug, Clone)]
pub struct Greeting {
    /// The servers' version string.
    pub version: String,
    /// This client's connection id.
    pub connection_id: u32,
    /// Flags announced, usually [`SERVED`](cap::SERVED).
    pub capabilities: u32,
    /// Default collation id.
    pub charset: u8,
    /// [`status`](super::status) flags.
    pub status: u16,
    /// The plugin announced. Clients that name another one that Shardgate speaks are asked for that.
    pub plugin: Plugin,
    /// The client's host, for error texts.
    pub host: String,
}

/// Who logged in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// Name of the user.
    pub user: String,
    /// The database asked for.
    pub database: Option<String>,
    /// Collation id.
    pub charset: u16,
    /// Flags that both sides have.
    pub capabilities: u32,
    /// Connection attributes.
    pub attrs: Vec<Attribute>,
    /// The longest packet that the client says it takes, in bytes.
    pub max_packet: u32,
    scramble: [u8; SCRAMBLE],
}

impl ClientInfo {
    /// Whether result sets for this client end without EOF packets.
    pub fn deprecate_eof(&self) -> bool {
        self.capabilities & cap::DEPRECATE_EOF != 0
    }
}

/// Greets a client and lets it prove who it is. The final OK is not sent: the caller checks the database, then calls
/// [`welcome`] or sends an error. On an error here, the client was told (1043 for garbage, 1045 for a wrong password or
/// unknown user, in MySQL's words), and the stream is closed. No deadline: wrap it in one.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: PacketStream<S>,
    greeting: &Greeting,
    lookup: &Lookup<'_>,
) -> Result<(PacketStream<S>, ClientInfo)> {
    let scramble = auth::scramble();
    let served = greeting.capabilities & !(cap::SSL | cap::COMPRESS | cap::ZSTD | cap::QUERY_ATTRIBUTES)
        | cap::PROTOCOL_41;
    let packet = Packet {
        version: greeting.version.clone(),
        connection_id: greeting.connection_id,
        scramble,
        capabilities: served,
        charset: greeting.charset,
        status: greeting.status,
        plugin: greeting.plugin.name().to_owned(),
    };
    stream.set_max_packet(STRANGER);
    stream.queue_with(|out| packet.encode(out));
    stream.flush().await?;
    let Some(payload) = receive(&mut stream).await? else {
        return Err(net_error(1158, "The client left before it logged in", Peer::Client));
    };
    let Some(Reply::Login(login)) = Reply::decode(&payload, served) else {
        return refuse(&mut stream, net_error(1043, "Bad handshake", Peer::Client)).await;
    };
    let proof = Proof {
        user: text(&login.user),
        auth: login.auth.clone(),
        plugin: login.plugin.clone(),
        announced: greeting.plugin,
        scramble,
        can_switch: login.capabilities & cap::PLUGIN_AUTH != 0,
        fresh: false,
    };
    proof.check(&mut stream, lookup, &greeting.host).await?;
    stream.set_max_packet(MAX_PACKET);
    let info = client_info(login, scramble);
    Ok((stream, info))
}

/// Lets a client become another user: the body of COM_CHANGE_USER. As [`accept`]: no final OK, and on an error the client
/// was told and the connection must be closed.
pub async fn change_user<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
    body: &[u8],
    now: &ClientInfo,
    plugin: Plugin,
    host: &str,
    lookup: &Lookup<'_>,
) -> Result<ClientInfo> {
    let Some(change) = ChangeUser::decode(body, now.capabilities) else {
        return refuse(stream, net_error(1043, "Bad handshake", Peer::Client)).await;
    };
    let proof = Proof {
        user: text(&change.user),
        auth: change.auth,
        plugin: change.plugin,
        announced: plugin,
        scramble: now.scramble,
        can_switch: now.capabilities & cap::PLUGIN_AUTH != 0,
        fresh: true,
    };
    let scramble = proof.check(stream, lookup, host).await?;
    Ok(ClientInfo {
        user: text(&change.user),
        database: change.database.as_deref().map(text),
        charset: change.charset.filter(|&id| id != 0).unwrap_or(now.charset),
        attrs: change.attributes,
        scramble,
        ..now.clone()
    })
}

/// Sends the OK that ends a login.
pub async fn welcome<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
    status: u16,
) -> Result<()> {
    stream.queue_with(|out| packet::put_ok(out, &OkPacket { status, ..OkPacket::default() }));
    stream.flush().await
}

/// Sends an error in the place of the greeting, such as "Too many connections".
pub async fn turn_away<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
    error: &Error,
) -> Result<()> {
    stream.queue_with(|out| packet::put_err_unagreed(out, error));
    stream.flush().await
}

/// A client's claim to be a user.
struct Proof {
    user: String,
    auth: Vec<u8>,
    plugin: Option<String>,
    announced: Plugin,
    scramble: [u8; SCRAMBLE],
    can_switch: bool,
    /// The client must answer a new challenge (COM_CHANGE_USER).
    fresh: bool,
}

impl Proof {
    /// Checks it, asking for another plugin's proof where the client's is not the one announced. Answers the challenge
    /// in force. An unknown user goes the same way, and as long, as one with a wrong password.
    async fn check<S: AsyncRead + AsyncWrite + Unpin>(
        mut self,
        stream: &mut PacketStream<S>,
        lookup: &Lookup<'_>,
        host: &str,
    ) -> Result<[u8; SCRAMBLE]> {
        let theirs = self.plugin.as_deref().map(Plugin::named);
        let mut plugin = match theirs {
            // Without named plugins there is only one.
            None => Plugin::Native,
            Some(named) => named.unwrap_or(self.announced),
        };
        // libmysql leaves the proof empty when the announced plugin is not its own, and waits to be asked.
        let differs = theirs != Some(Some(self.announced)) && (self.can_switch && self.plugin.is_some());
        if self.can_switch && (differs || self.fresh) {
            if theirs.is_none() {
                plugin = self.announced;
            }
            self.scramble = auth::scramble();
            let switch = AuthSwitch { plugin: plugin.name().to_owned(), data: self.scramble.to_vec() };
            stream.queue_with(|out| switch.encode(out));
            stream.flush().await?;
            let Some(answer) = receive(stream).await? else {
                return Err(net_error(1158, "The client left before it logged in", Peer::Client));
            };
            self.auth = answer.to_vec();
        }
        let known = lookup(&self.user);
        let password = known.as_deref().unwrap_or("no such user, and no such password");
        let right = plugin.verify(password.as_bytes(), &self.scramble, &self.auth);
        let no_proof = auth::is_empty(&self.auth);
        if !right || known.is_none() {
            let used = if no_proof { "NO" } else { "YES" };
            let text = format!("Access denied for user '{}'@'{host}' (using password: {used})", self.user);
            return refuse(stream, Error::client(Code::AccessDenied, text)).await;
        }
        if plugin == Plugin::CachingSha2 && !no_proof {
            stream.queue_with(|out| put_more_data(out, &[3]));
        }
        Ok(self.scramble)
    }
}

/// Reads a packet of the handshake; tells the client of what is wrong with it before it is closed.
async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
) -> Result<Option<bytes::Bytes>> {
    match stream.read_packet().await {
        Err(error) => refuse(stream, error).await,
        packet => packet,
    }
}

/// Tells the client, and fails. That the client may not listen any more changes nothing.
async fn refuse<T, S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut PacketStream<S>,
    error: Error,
) -> Result<T> {
    stream.queue_with(|out| packet::put_err(out, &error));
    let _ = stream.flush().await;
    Err(error)
}

fn client_info(login: HandshakeResponse, scramble: [u8; SCRAMBLE]) -> ClientInfo {
    ClientInfo {
        user: text(&login.user),
        database: login.database.as_deref().map(text),
        charset: u16::from(login.charset),
        capabilities: login.capabilities,
        attrs: login.attributes,
        max_packet: login.max_packet,
        scramble,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::client::{self, Login};
    use crate::wire::command::Command;
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn greeting(plugin: Plugin) -> Greeting {
        Greeting {
            version: "8.4.0".into(),
            connection_id: 42,
            capabilities: cap::SERVED,
            charset: 45,
            status: 2,
            plugin,
            host: "10.0.0.1".into(),
        }
    }

    fn users(name: &str) -> Option<String> {
        match name {
            "app" => Some("secret".into()),
            "guest" => Some(String::new()),
            _ => None,
        }
    }

    async fn meet(plugin: Plugin, login: Login) -> (Result<ClientInfo>, Result<client::ServerInfo>) {
        let (ours, theirs) = duplex(1 << 16);
        let client = tokio::spawn(async move { client::connect(theirs, &login).await.map(|(_, info)| info) });
        let result = match accept(PacketStream::to_client(ours), &greeting(plugin), &users).await {
            Ok((mut stream, info)) => {
                welcome(&mut stream, 2).await.unwrap();
                Ok(info)
            }
            Err(error) => Err(error),
        };
        (result, client.await.unwrap())
    }

    #[tokio::test]
    async fn users_log_in_with_both_plugins() {
        for plugin in [Plugin::Native, Plugin::CachingSha2] {
            for (user, password) in [("app", "secret"), ("guest", "")] {
                let login = Login {
                    user: user.into(),
                    password: password.into(),
                    database: Some("shop".into()),
                    charset: 45,
                    capabilities: cap::DEPRECATE_EOF,
                    attrs: vec![("program".into(), "test".into())],
                    secure: false,
                };
                let (client, server) = meet(plugin, login).await;
                let (client, server) = (client.unwrap(), server.unwrap());
                assert_eq!((client.user.as_str(), client.database.as_deref()), (user, Some("shop")));
                assert!(client.deprecate_eof() && client.attrs.len() == 1);
                assert_eq!((server.version.as_str(), server.connection_id, server.status), ("8.4.0", 42, 2));
                assert_eq!(server.capabilities, client.capabilities);
            }
        }
    }

    #[tokio::test]
    async fn denial_is_in_mysql_s_words() {
        for (user, password, used) in
            [("app", "wrong", "YES"), ("app", "", "NO"), ("nobody", "x", "YES"), ("guest", "x", "YES")]
        {
            let login = Login { user: user.into(), password: password.into(), ..Login::default() };
            let (client, server) = meet(Plugin::CachingSha2, login).await;
            let error = server.unwrap_err();
            assert_eq!((error.errno, &error.sqlstate), (1045, b"28000"));
            assert_eq!(
                error.message,
                format!("Access denied for user '{user}'@'10.0.0.1' (using password: {used})")
            );
            assert_eq!(client.unwrap_err().message, error.message);
        }
    }

    /// A client that names a plugin and sends nothing until it is asked, as libmysql does.
    #[tokio::test]
    async fn a_client_of_another_plugin_is_asked() {
        for (named, asked) in
            [("caching_sha2_password", Plugin::CachingSha2), ("client_ed25519", Plugin::Native)]
        {
            let (ours, theirs) = duplex(1 << 16);
            let client = tokio::spawn(async move {
                let mut stream = PacketStream::to_server(theirs);
                stream.read_packet().await.unwrap();
                let login = HandshakeResponse {
                    capabilities: cap::SERVED & !cap::CONNECT_WITH_DB,
                    user: b"app".to_vec(),
                    plugin: Some(named.into()),
                    ..HandshakeResponse::default()
                };
                stream.queue_with(|out| login.encode(out));
                stream.flush().await.unwrap();
                let packet = stream.read_packet().await.unwrap().unwrap();
                let switch = AuthSwitch::decode(&packet).unwrap();
                assert_eq!(switch.plugin, asked.name());
                stream.queue_packet(&asked.prove(b"secret", &switch.data));
                stream.flush().await.unwrap();
            });
            accept(PacketStream::to_client(ours), &greeting(Plugin::Native), &users).await.unwrap();
            client.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_user_becomes_another() {
        let (ours, theirs) = duplex(1 << 16);
        let client = tokio::spawn(async move {
            let login =
                Login { user: "app".into(), password: "secret".into(), charset: 45, ..Login::default() };
            let (mut stream, info) = client::connect(theirs, &login).await.unwrap();
            let guest = Login { user: "guest".into(), database: Some("d".into()), ..Login::default() };
            assert_eq!(client::change_user(&mut stream, &info, &guest).await.unwrap(), 3);
            let wrong = Login { user: "app".into(), password: "?".into(), ..Login::default() };
            client::change_user(&mut stream, &info, &wrong).await.unwrap_err()
        });
        let (mut stream, info) =
            accept(PacketStream::to_client(ours), &greeting(Plugin::CachingSha2), &users).await.unwrap();
        welcome(&mut stream, 2).await.unwrap();
        let packet = stream.read_command().await.unwrap().unwrap();
        let Command::ChangeUser(body) = Command::decode(&packet).unwrap() else { panic!() };
        let info = change_user(&mut stream, body, &info, Plugin::Native, "h", &users).await.unwrap();
        assert_eq!((info.user.as_str(), info.database.as_deref(), info.charset), ("guest", Some("d"), 45));
        welcome(&mut stream, 3).await.unwrap();
        let packet = stream.read_command().await.unwrap().unwrap();
        let Command::ChangeUser(body) = Command::decode(&packet).unwrap() else { panic!() };
        assert!(change_user(&mut stream, body, &info, Plugin::Native, "h", &users).await.is_err());
        assert_eq!(client.await.unwrap().errno, 1045);
    }

    fn greet_garbage(bytes: &[u8]) -> Error {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (ours, mut theirs) = duplex(1 << 16);
            theirs.write_all(bytes).await.unwrap();
            theirs.shutdown().await.unwrap();
            let accepted = accept(PacketStream::to_client(ours), &greeting(Plugin::Native), &users).await;
            let _ = theirs.read(&mut [0; 1024]).await;
            accepted.err().unwrap()
        })
    }

    #[test]
    fn garbage_is_told() {
        assert_eq!(greet_garbage(b"\x03\x00\x00\x01abc").errno, 1043);
        assert_eq!(greet_garbage(b"GET / HTTP/1.1\r\n\r\n").errno, 1156);
        assert_eq!(greet_garbage(b"\xff\xff\xff\x01").errno, 1153);
        assert_eq!(greet_garbage(b"").errno, 1158);
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), framed: bool) {
            let mut wire = bytes.clone();
            if framed {
                wire = [&(bytes.len() as u32).to_le_bytes()[..3], &[1], &bytes].concat();
            }
            prop_assert_eq!(greet_garbage(&wire).fate, crate::base::Fate::Close);
        }
    }
}
