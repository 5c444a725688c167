//! The packets of authentication after the greeting (MySQL source docs, "Protocol::HandshakeResponse41",
//! "Protocol::SSLRequest", "Protocol::AuthSwitchRequest", "Protocol::AuthMoreData", "COM_CHANGE_USER"), written and read.

use super::capability as cap;
use super::primitives::{array, lenenc_str, nul_str, put_lenenc_str, take};

/// A connection attribute: key and value, such as `("_client_name", "libmysql")`.
pub type Attribute = (String, String);

/// A client's login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandshakeResponse {
    /// [`capability`](super::capability) flags that the client wants.
    pub capabilities: u32,
    /// The longest packet it takes.
    pub max_packet: u32,
    /// Collation id.
    pub charset: u8,
    /// Name of the user.
    pub user: Vec<u8>,
    /// The scrambled password.
    pub auth: Vec<u8>,
    /// The database, with CONNECT_WITH_DB.
    pub database: Option<Vec<u8>>,
    /// The plugin that made `auth`, with PLUGIN_AUTH.
    pub plugin: Option<String>,
    /// With CONNECT_ATTRS.
    pub attributes: Vec<Attribute>,
}

/// The client's answer to a greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It wants TLS first; the login follows inside.
    Tls {
        /// Flags that the client wants.
        capabilities: u32,
    },
    /// It logs in.
    Login(HandshakeResponse),
}

impl Reply {
    /// Reads the client's answer to a greeting that announced `served`. `None` for garbage and for protocols before 4.1.
    pub fn decode(payload: &[u8], served: u32) -> Option<Reply> {
        let mut buf = payload;
        let buf = &mut buf;
        let wanted = u32::from_le_bytes(array(buf)?);
        if wanted & cap::PROTOCOL_41 == 0 {
            return None;
        }
        let max_packet = u32::from_le_bytes(array(buf)?);
        let [charset] = array(buf)?;
        take(buf, 23)?;
        if buf.is_empty() && wanted & cap::SSL != 0 {
            return Some(Reply::Tls { capabilities: wanted });
        }
        // The layout follows what both sides have.
        let capabilities = wanted & (served | cap::PROTOCOL_41);
        let user = nul_str(buf)?.to_vec();
        let auth = if wanted & cap::PLUGIN_AUTH_LENENC & served != 0 {
            lenenc_str(buf)?.to_vec()
        } else if wanted & cap::SECURE_CONNECTION != 0 {
            let [len] = array(buf)?;
            take(buf, usize::from(len))?.to_vec()
        } else {
            nul_str(buf)?.to_vec()
        };
        let database = if wanted & cap::CONNECT_WITH_DB & served != 0 && !buf.is_empty() {
            Some(nul_or_rest(buf).to_vec()).filter(|name| !name.is_empty())
        } else {
            None
        };
        let plugin = if wanted & cap::PLUGIN_AUTH & served != 0 && !buf.is_empty() {
            Some(String::from_utf8_lossy(nul_or_rest(buf)).into_owned())
        } else {
            None
        };
        let attributes = if wanted & cap::CONNECT_ATTRS & served != 0 && !buf.is_empty() {
            attributes(lenenc_str(buf)?)?
        } else {
            Vec::new()
        };
        Some(Reply::Login(HandshakeResponse {
            capabilities,
            max_packet,
            charset,
            user,
            auth,
            database,
            plugin,
            attributes,
        }))
    }
}

impl HandshakeResponse {
    /// Appends the payload. Parts whose capability is not set are left out. Zero bytes in names would end them early:
    /// callers check names before.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.capabilities.to_le_bytes());
        out.extend_from_slice(&self.max_packet.to_le_bytes());
        out.push(self.charset);
        out.extend_from_slice(&[0; 23]);
        out.extend_from_slice(&self.user);
        out.push(0);
        if self.capabilities & cap::PLUGIN_AUTH_LENENC != 0 {
            put_lenenc_str(out, &self.auth);
        } else {
            put_short(out, &self.auth);
        }
        if self.capabilities & cap::CONNECT_WITH_DB != 0 {
            out.extend_from_slice(self.database.as_deref().unwrap_or_default());
            out.push(0);
        }
        if self.capabilities & cap::PLUGIN_AUTH != 0 {
            out.extend_from_slice(self.plugin.as_deref().unwrap_or_default().as_bytes());
            out.push(0);
        }
        if self.capabilities & cap::CONNECT_ATTRS != 0 {
            put_attributes(out, &self.attributes);
        }
    }
}

/// The body of COM_CHANGE_USER.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeUser {
    /// Name of the user.
    pub user: Vec<u8>,
    /// The scrambled password; libmysql leaves it empty and awaits an auth switch.
    pub auth: Vec<u8>,
    /// The database.
    pub database: Option<Vec<u8>>,
    /// Collation id; absent in old clients.
    pub charset: Option<u16>,
    /// The plugin that made `auth`.
    pub plugin: Option<String>,
    /// Connection attributes.
    pub attributes: Vec<Attribute>,
}

impl ChangeUser {
    /// Reads the body (what follows the command byte) on a connection of these capabilities.
    pub fn decode(body: &[u8], capabilities: u32) -> Option<ChangeUser> {
        let mut buf = body;
        let buf = &mut buf;
        let user = nul_str(buf)?.to_vec();
        let auth = if capabilities & cap::SECURE_CONNECTION != 0 {
            let [len] = array(buf)?;
            take(buf, usize::from(len))?.to_vec()
        } else {
            nul_str(buf)?.to_vec()
        };
        let database = Some(nul_or_rest(buf).to_vec()).filter(|name| !name.is_empty());
        let charset = array(buf).map(u16::from_le_bytes);
        let plugin = if capabilities & cap::PLUGIN_AUTH != 0 && !buf.is_empty() {
            Some(String::from_utf8_lossy(nul_or_rest(buf)).into_owned())
        } else {
            None
        };
        let attributes = if capabilities & cap::CONNECT_ATTRS != 0 && !buf.is_empty() {
            attributes(lenenc_str(buf)?)?
        } else {
            Vec::new()
        };
        Some(ChangeUser { user, auth, database, charset, plugin, attributes })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>, capabilities: u32) {
        out.extend_from_slice(&self.user);
        out.push(0);
        put_short(out, &self.auth);
        out.extend_from_slice(self.database.as_deref().unwrap_or_default());
        out.push(0);
        out.extend_from_slice(&self.charset.unwrap_or_default().to_le_bytes());
        if capabilities & cap::PLUGIN_AUTH != 0 {
            out.extend_from_slice(self.plugin.as_deref().unwrap_or_default().as_bytes());
            out.push(0);
        }
        if capabilities & cap::CONNECT_ATTRS != 0 {
            put_attributes(out, &self.attributes);
        }
    }
}

/// The server wants another plugin's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSwitch {
    /// The plugin's name; empty for the protocol before 4.1.
    pub plugin: String,
    /// Its challenge, without a closing zero.
    pub data: Vec<u8>,
}

impl AuthSwitch {
    /// Reads a payload of header 0xFE.
    pub fn decode(payload: &[u8]) -> Option<AuthSwitch> {
        let mut buf = payload.strip_prefix(&[0xFE])?;
        if buf.is_empty() {
            return Some(AuthSwitch { plugin: String::new(), data: Vec::new() });
        }
        let plugin = String::from_utf8_lossy(nul_str(&mut buf)?).into_owned();
        Some(AuthSwitch { plugin, data: buf.strip_suffix(&[0]).unwrap_or(buf).to_vec() })
    }

    /// Appends the payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(0xFE);
        out.extend_from_slice(self.plugin.as_bytes());
        out.push(0);
        out.extend_from_slice(&self.data);
        out.push(0);
    }
}

/// Appends an AuthMoreData payload.
pub fn put_more_data(out: &mut Vec<u8>, data: &[u8]) {
    out.push(0x01);
    out.extend_from_slice(data);
}

/// Reads an AuthMoreData payload.
pub fn decode_more_data(payload: &[u8]) -> Option<&[u8]> {
    payload.strip_prefix(&[0x01])
}

fn nul_or_rest<'a>(buf: &mut &'a [u8]) -> &'a [u8] {
    nul_str(buf).unwrap_or_else(|| std::mem::take(buf))
}

fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(0xFF)];
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

fn attributes(mut buf: &[u8]) -> Option<Vec<Attribute>> {
    let mut all = Vec::new();
    while !buf.is_empty() {
        let (key, value) = (lenenc_str(&mut buf)?, lenenc_str(&mut buf)?);
        all.push((String::from_utf8_lossy(key).into_owned(), String::from_utf8_lossy(value).into_owned()));
    }
    Some(all)
}

fn put_attributes(out: &mut Vec<u8>, all: &[Attribute]) {
    let mut body = Vec::new();
    for (key, value) in all {
        put_lenenc_str(&mut body, key.as_bytes());
        put_lenenc_str(&mut body, value.as_bytes());
    }
    put_lenenc_str(out, &body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn login(capabilities: u32) -> HandshakeResponse {
        let has = |flag| capabilities & flag != 0;
        HandshakeResponse {
            capabilities,
            max_packet: 1 << 24,
            charset: 45,
            user: b"app".to_vec(),
            auth: vec![0xFC; 20],
            database: has(cap::CONNECT_WITH_DB).then(|| b"shop".to_vec()),
            plugin: has(cap::PLUGIN_AUTH).then(|| "mysql_native_password".into()),
            attributes: if has(cap::CONNECT_ATTRS) { vec![("_os".into(), "Linux".into())] } else { vec![] },
        }
    }

    #[test]
    fn logins_come_back_with_every_set_of_capabilities() {
        let optional = [cap::PLUGIN_AUTH_LENENC, cap::CONNECT_WITH_DB, cap::PLUGIN_AUTH, cap::CONNECT_ATTRS];
        for bits in 0..16 {
            let base = cap::PROTOCOL_41 | cap::SECURE_CONNECTION;
            let flags = optional
                .iter()
                .enumerate()
                .filter(|(i, _)| bits & (1 << i) != 0)
                .fold(base, |f, (_, o)| f | o);
            let (login, mut out) = (login(flags), Vec::new());
            login.encode(&mut out);
            assert_eq!(Reply::decode(&out, cap::SERVED), Some(Reply::Login(login)));
            for len in 0..out.len() {
                let _ = Reply::decode(&out[..len], cap::SERVED);
            }
        }
    }

    #[test]
    fn tls_is_recognised() {
        let mut out = Vec::new();
        login(cap::PROTOCOL_41 | cap::SSL).encode(&mut out);
        let capabilities = cap::PROTOCOL_41 | cap::SSL;
        assert_eq!(Reply::decode(&out[..32], cap::SERVED), Some(Reply::Tls { capabilities }));
    }

    #[test]
    fn change_user_and_switch_come_back() {
        let user = ChangeUser {
            user: b"app".to_vec(),
            auth: vec![1; 20],
            database: Some(b"shop".to_vec()),
            charset: Some(255),
            plugin: Some("caching_sha2_password".into()),
            attributes: vec![("a".into(), "b".into())],
        };
        let mut out = Vec::new();
        user.encode(&mut out, cap::SERVED);
        assert_eq!(ChangeUser::decode(&out, cap::SERVED), Some(user));
        let short = ChangeUser::decode(b"app\0\0\0", cap::SERVED).unwrap();
        assert_eq!((short.user, short.charset), (b"app".to_vec(), None));
        let switch = AuthSwitch { plugin: "mysql_native_password".into(), data: vec![7; 20] };
        out.clear();
        switch.encode(&mut out);
        assert_eq!(AuthSwitch::decode(&out), Some(switch));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_do_not(bytes: Vec<u8>, flags: u32) {
            let _ = (Reply::decode(&bytes, flags), ChangeUser::decode(&bytes, flags), AuthSwitch::decode(&bytes));
            let head = [&(flags | cap::PROTOCOL_41).to_le_bytes()[..], &[0; 28], &bytes].concat();
            let _ = Reply::decode(&head, flags);
        }
    }
}
