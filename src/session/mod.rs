//! One client's conversation, from login to its end. Start at [`query`]: the way that every statement takes.

mod composed;
mod control;
mod copy;
mod copy_carried;
mod copy_rows;
mod copy_write;
mod create;
mod ddl;
mod definitions;
mod describe;
pub mod dispatch;
mod explain;
mod found;
mod ids;
mod input;
mod literals;
mod load;
mod load_rows;
mod look;
mod lookup;
mod moves;
mod next_id;
mod null_ids;
mod pick;
mod planning;
pub mod prepared;
mod pulled;
pub mod query;
mod read;
pub mod reply;
mod resume;
mod returning;
mod scope;
pub mod set;
pub mod shared;
mod sink;
mod staged;
mod track;
pub mod vars;
mod views;
mod write;
mod zones;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;

pub use lookup::{Built, Differences, Ready};
pub use shared::Shared;

use crate::admin::Ticket;
use crate::backend::settings::OPENING_COLLATION;
use crate::backend::{Flavor, Pools, Settings, Summary};
use crate::base::{Code, Error, Fate, Origin, Value};
use crate::exec::warned::Warned;
use crate::exec::{Asked, Client, Interrupt};
use crate::sql::normalise::Normalised;
use crate::txn::Held;
use crate::wire::auth::Plugin;
use crate::wire::command::Command;
use crate::wire::login::{self, ClientInfo, Greeting};
use crate::wire::stream::PacketStream;
use crate::wire::{capability, status};

use track::Tracker;
use vars::Vars;

/// Bytes of answers that are collected before they are written.
pub(crate) const FLUSH: usize = 16 * 1024;

/// What a server remembers of the last statement for the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Last {
    /// LAST_INSERT_ID()
    pub(crate) insert_id: u64,
    /// It is of a row that was inserted: `id IS NULL` may mean it (sql_auto_is_null).
    pub(crate) null_is_id: bool,
    /// FOUND_ROWS()
    pub(crate) found_rows: u64,
    /// ROW_COUNT()
    pub(crate) row_count: i64,
    /// SHOW WARNINGS
    pub(crate) warned: Warned,
    /// A server has answered it with an error: what follows it in the same command is not run.
    pub(crate) failed: bool,
}

impl Last {
    /// It failed.
    pub(crate) fn failed_with(&mut self, error: &Error) {
        let message = ["Error".to_owned(), error.errno.to_string(), error.message.clone()];
        self.warned = Warned::all(vec![message]);
    }

    /// A row with a new id was inserted.
    pub(crate) fn inserted(&mut self, id: u64) {
        self.insert_id = id;
        self.null_is_id = true;
    }
}

/// One client's session.
pub struct Session {
    shared: Arc<Shared>,
    /// As the thread sees them that the session lives on.
    pools: Pools,
    /// Before the client: who sees the connection closed must not find the session in the registry.
    ticket: Ticket,
    client: Client,
    peer: SocketAddr,
    info: ClientInfo,
    flavor: Flavor,
    database: Option<Arc<str>>,
    vars: Vars,
    tracker: Tracker,
    held: Held,
    last: Last,
    /// `SET insert_id`: the id that the next INSERT begins with.
    insert_id: Option<u64>,
    /// What a server made of expressions in the INSERT that runs.
    computed: Vec<Value>,
    /// New ids for the calls of SHARDGATE_NEXT_ID in the statement that runs.
    next: Vec<Value>,
    statements: prepared::Statements,
    multi_statements: bool,
    /// A buffer for reading statements, used again and again.
    scratch: Normalised,
}

/// Talks with one client until it leaves, is killed, or breaks the protocol. The socket has TCP_NODELAY.
pub async fn serve(socket: TcpStream, peer: SocketAddr, shared: Arc<Shared>, pools: Pools) {
    let ticket = shared.registry.enter();
    let limit = shared.limits.login;
    let opened = tokio::time::timeout(limit, Session::open(socket, peer, shared, pools, ticket)).await;
    match opened {
        Ok(Ok(mut session)) => {
            if let Err(error) = session.converse().await {
                tracing::debug!(%peer, "session ended: {error}");
            }
            session.held.abandon();
        }
        Ok(Err(error)) => tracing::debug!(%peer, "login failed: {error}"),
        Err(_) => tracing::debug!(%peer, "no login within {} s", limit.as_secs()),
    }
}

/// What a poll between two statements comes to, or the session's end.
async fn unless_ended<T>(
    interrupt: &Interrupt,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<Result<T, Error>>,
) -> Result<T, Error> {
    poll_fn(|cx| {
        if let Poll::Ready(done) = poll(cx) {
            return Poll::Ready(done);
        }
        while let Some(asked) = ready!(interrupt.poll_beyond(cx, None)) {
            if asked == Asked::Session {
                return Poll::Ready(Err(killed()));
            }
            // No statement runs that could be stopped.
            interrupt.clear();
        }
        Poll::Pending
    })
    .await
}

fn killed() -> Error {
    Error::client(Code::Killed, "Connection was killed").with_fate(Fate::Close)
}

impl Session {
    async fn open(
        socket: TcpStream,
        peer: SocketAddr,
        shared: Arc<Shared>,
        pools: Pools,
        ticket: Ticket,
    ) -> Result<Self, Error> {
        let stream = PacketStream::to_client(socket);
        let greeting = Greeting {
            version: shared.version(),
            connection_id: ticket.id().0,
            capabilities: capability::SERVED,
            charset: OPENING_COLLATION as u8,
            status: status::AUTOCOMMIT,
            plugin: Plugin::Native,
            host: peer.ip().to_string(),
        };
        let lookup = |user: &str| shared.password(user);
        let (mut client, info) = login::accept(stream, &greeting, &lookup).await?;
        client.set_max_packet(shared.limits.max_packet);
        ticket.named(&info.user);
        let own = || shared.database_of(&info.user);
        let database = info.database.clone().filter(|name| !name.is_empty()).or_else(own);
        let settings = shared.opening_settings(info.charset);
        let mut session = Self {
            flavor: Flavor::of(info.capabilities),
            multi_statements: info.capabilities & capability::MULTI_STATEMENTS != 0,
            database: None,
            vars: Vars::new(settings, shared.server_mode()),
            tracker: shared.tracker(info.capabilities),
            held: Held::new(Arc::clone(&shared.coordinator), shared.is_single(&info.user)),
            last: Last::default(),
            insert_id: None,
            computed: Vec::new(),
            next: Vec::new(),
            statements: prepared::Statements::default(),
            scratch: Normalised::default(),
            shared,
            pools,
            client,
            ticket,
            peer,
            info,
        };
        let readable = set::check_charset(&session.vars.settings);
        let selected = readable.and_then(|()| database.map_or(Ok(()), |name| session.use_database(&name)));
        session.answer_login(selected).await?;
        Ok(session)
    }

    async fn answer_login(&mut self, selected: Result<(), Error>) -> Result<(), Error> {
        match selected {
            Ok(()) => {
                self.ok(&Summary::default(), false);
                self.client.flush().await
            }
            Err(error) => {
                reply::error(&mut self.client, &error);
                self.client.flush().await?;
                Err(error.with_fate(Fate::Close))
            }
        }
    }

    /// One command after another, until an error says that the connection must close.
    async fn converse(&mut self) -> Result<(), Error> {
        let interrupt = Arc::clone(self.ticket.interrupt());
        loop {
            let coming = unless_ended(&interrupt, |cx| self.client.poll_command(cx));
            let coming = match self.held.deadline() {
                None => coming.await,
                Some(deadline) => {
                    let Ok(coming) = tokio::time::timeout_at(deadline, coming).await else {
                        self.held.expire().await;
                        continue;
                    };
                    coming
                }
            };
            let packet = match coming {
                Ok(packet) => packet,
                Err(error) if error.is(Code::Killed) => return Err(error),
                Err(error) => return Err(self.misread(error).await),
            };
            let Some(packet) = packet else { return Ok(()) };
            let done = match Command::decode(&packet) {
                Ok(Command::Quit) => return Ok(()),
                Ok(command) => self.dispatch(command).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                self.answer_error(error).await?;
            }
            unless_ended(&interrupt, |cx| self.client.poll_flush(cx)).await?;
        }
    }

    /// Tells the client that its packet cannot be taken. What it is still writing is read first: otherwise its system
    /// would see a reset connection before it sees the error.
    async fn misread(&mut self, error: Error) -> Error {
        let skipped = if error.is(Code::PacketTooLarge) {
            let skipping = self.client.skip_packet();
            tokio::time::timeout(self.shared.limits.login, skipping)
                .await
                .is_ok_and(|skipped| skipped.is_ok())
        } else {
            true
        };
        if skipped {
            reply::error(&mut self.client, &error);
            if let Err(gone) = self.client.flush().await {
                tracing::debug!(peer = %self.peer, "the client did not wait for the error: {gone}");
            }
        }
        error
    }

    /// Sends an error, unless the client is not at a packet's boundary; an error after which the connection must close
    /// comes back.
    async fn answer_error(&mut self, error: Error) -> Result<(), Error> {
        self.shared.metrics.errors.inc();
        let closes = error.fate == Fate::Close || self.held.lost();
        let answerable = error.fate == Fate::Keep || error.origin == Origin::Client;
        if answerable {
            reply::error(&mut self.client, &error);
        }
        if closes {
            if answerable {
                self.client.flush().await?;
            }
            return Err(error.with_fate(Fate::Close));
        }
        self.last.row_count = -1;
        self.tracker.forget();
        Ok(())
    }

    /// The status flags of an answer of the proxy's own.
    pub(crate) fn status(&self, more: bool) -> u16 {
        let mut bits = 0;
        if self.vars.autocommit {
            bits |= status::AUTOCOMMIT;
        }
        if self.held.in_transaction() {
            bits |= status::IN_TRANS;
            if self.held.read_only() {
                bits |= status::IN_TRANS_READONLY;
            }
        }
        if self.vars.mode.no_backslash_escapes {
            bits |= status::NO_BACKSLASH_ESCAPES;
        }
        if self.vars.mode.ansi_quotes && self.shared.is_mariadb() {
            bits |= status::ANSI_QUOTES;
        }
        if more {
            bits |= status::MORE_RESULTS_EXISTS;
        }
        bits
    }

    /// Queues an OK packet.
    pub(crate) fn ok(&mut self, summary: &Summary, more: bool) {
        let status = self.status(more);
        let changes = self.tracker.take(self.held.in_transaction());
        reply::ok(&mut self.client, summary, status, changes.as_deref());
    }

    /// The session as after login: RESET CONNECTION, CHANGE USER.
    pub(crate) async fn reset(&mut self) {
        self.held.rollback().await;
        self.held.abandon();
        self.held = Held::new(Arc::clone(&self.shared.coordinator), self.shared.is_single(&self.info.user));
        let settings: Settings = self.shared.opening_settings(self.info.charset);
        self.vars = Vars::new(settings, self.shared.server_mode());
        self.tracker = self.shared.tracker(self.info.capabilities);
        self.last = Last::default();
        self.insert_id = None;
        self.statements = prepared::Statements::default();
    }
}
