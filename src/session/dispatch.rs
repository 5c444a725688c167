//! One match, one arm a command (MySQL source docs, "Command Phase").

use super::Session;
use crate::admin::Registry;
use crate::backend::Summary;
use crate::base::ids::SessionId;
use crate::base::{Code, Error, Result};
use crate::exec::Asked;
use crate::wire::auth::Plugin;
use crate::wire::capability;
use crate::wire::command::Command;
use crate::wire::login;

impl Session {
    /// Carries one command out; the answer is queued. An error is the answer, too.
    pub(super) async fn dispatch(&mut self, command: Command<'_>) -> Result<()> {
        self.ticket.interrupt().clear();
        match command {
            Command::Query(text) => self.queries(text).await,
            Command::Execute(execute) => self.execute(execute).await,
            Command::Prepare(text) => self.prepare(text).await,
            Command::StmtClose(id) => {
                self.statements.close(id);
                Ok(())
            }
            Command::SendLongData { id, param, data } => {
                self.statements.long_data(id, param, data, self.shared.limits.max_packet);
                Ok(())
            }
            Command::StmtReset(id) => {
                self.statements.reset(id)?;
                self.plain_ok();
                Ok(())
            }
            Command::StmtFetch { .. } => Err(Error::new(
                Code::UnknownStatement,
                "The statement has no open cursor: Shardgate sends all rows with EXECUTE",
            )),
            Command::InitDb(name) => {
                self.use_database(&String::from_utf8_lossy(name))?;
                self.plain_ok();
                Ok(())
            }
            Command::Ping => {
                self.plain_ok();
                Ok(())
            }
            Command::Debug => {
                self.plain_ok();
                Ok(())
            }
            Command::SetOption(option) => self.set_option(option),
            Command::ResetConnection => {
                self.reset().await;
                self.plain_ok();
                Ok(())
            }
            Command::ChangeUser(body) => self.change_user(body).await,
            Command::Statistics => {
                let text = format!(
                    "Sessions: {}  Statements: {}",
                    self.shared.registry.len(),
                    self.shared.metrics.statements.get()
                );
                self.client.queue_packet(text.as_bytes());
                Ok(())
            }
            Command::FieldList { table, wildcard } => self.field_list(table, wildcard).await,
            Command::ProcessInfo => self.queries(b"SHOW PROCESSLIST").await,
            Command::Kill(id) => {
                kill(&self.shared.registry, id, &self.info.user, Asked::Session)?;
                self.plain_ok();
                Ok(())
            }
            Command::Quit => Ok(()),
            Command::Unknown(byte) => {
                Err(Error::new(Code::UnknownCommand, format!("Unknown command {byte:#04x}")))
            }
        }
    }

    pub(super) fn plain_ok(&mut self) {
        self.ok(&Summary::default(), false);
    }

    /// USE: the database must be one of the configuration's, or one that every server has.
    pub(super) fn use_database(&mut self, name: &str) -> Result<()> {
        if name.is_empty() {
            return Err(Error::new(Code::NoDatabase, "No database selected"));
        }
        let topology = self.shared.topology();
        let known =
            topology.databases.get_key_value(name).map(|(_, database)| std::sync::Arc::clone(&database.name));
        let system = ["information_schema", "performance_schema", "mysql", "sys"];
        let lower = name.to_ascii_lowercase();
        match known {
            Some(name) => self.database = Some(name),
            None if system.contains(&lower.as_str()) => self.database = Some(lower.into()),
            None => return Err(Error::new(Code::UnknownDatabase, format!("Unknown database '{name}'"))),
        }
        self.tracker.schema(self.database.as_deref().unwrap_or_default());
        Ok(())
    }

    fn set_option(&mut self, option: u16) -> Result<()> {
        match option {
            0 => self.multi_statements = true,
            1 => self.multi_statements = false,
            other => {
                return Err(Error::new(
                    Code::UnknownCommand,
                    format!("Unknown option {other} of COM_SET_OPTION"),
                ));
            }
        }
        self.plain_end();
        Ok(())
    }

    /// An EOF packet, or the OK packet that stands in its place.
    fn plain_end(&mut self) {
        let status = self.status(false);
        let end = crate::wire::packet::OkPacket { status, ..Default::default() };
        let deprecate = self.flavor.deprecate_eof;
        self.client.queue_with(|out| crate::wire::packet::put_end(out, &end, deprecate));
    }

    async fn change_user(&mut self, body: &[u8]) -> Result<()> {
        let shared = std::sync::Arc::clone(&self.shared);
        let host = self.peer.ip().to_string();
        let lookup = |user: &str| shared.password(user);
        let info =
            login::change_user(&mut self.client, body, &self.info, Plugin::Native, &host, &lookup).await?;
        self.info = info;
        self.ticket.named(&self.info.user);
        self.reset().await;
        self.multi_statements = self.info.capabilities & capability::MULTI_STATEMENTS != 0;
        self.database = None;
        if let Some(name) = self.info.database.clone().filter(|name| !name.is_empty()) {
            self.use_database(&name)?;
        }
        self.plain_ok();
        Ok(())
    }

    /// COM_FIELD_LIST: the columns of a table as definitions. Asked of a server as an empty SELECT, whose definitions
    /// are the same but for the default value that this command adds.
    async fn field_list(&mut self, table: &[u8], wildcard: &[u8]) -> Result<()> {
        let name = String::from_utf8_lossy(table).replace('`', "``");
        let columns = self.ask(&format!("SELECT * FROM `{name}` WHERE 0")).await?.columns;
        for column in columns.iter().filter(|column| wildcard.is_empty() || like(&column.name, wildcard)) {
            self.client.queue_with(|out| {
                column.encode(out);
                // The default value, which only this command carries: NULL.
                out.push(0xFB);
            });
        }
        self.plain_end();
        Ok(())
    }
}

/// Whether a column's name is like a pattern with `%` and `_`; the case of ASCII letters does not matter.
fn like(name: &[u8], pattern: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'%', rest)), _) => {
            (0..=name.len()).any(|skip| like(name.get(skip..).unwrap_or_default(), rest))
        }
        (Some((b'_', pattern)), Some((_, name))) => like(name, pattern),
        (Some((wanted, pattern)), Some((given, name))) => {
            wanted.eq_ignore_ascii_case(given) && like(name, pattern)
        }
        _ => false,
    }
}

/// KILL.
pub(super) fn kill(registry: &Registry, id: u32, user: &str, asked: Asked) -> Result<()> {
    if registry.kill(SessionId(id), user, asked) {
        return Ok(());
    }
    let unknown = Error::new(Code::Internal, format!("Unknown thread id: {id}"));
    Err(Error { errno: 1094, ..unknown })
}
