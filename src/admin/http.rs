//! The HTTP service: ids for applications, counters for Prometheus, and a sign of life. JSON; ids are strings, because
//! JavaScript's numbers lose digits. It asks for no password: the address says who can reach it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value as Json, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::base::ids::{NewIds, uuid_text};
use crate::base::{Code, Error, Result, Value};
use crate::idgen::{Ask, Ids};
use crate::sharding::KeyType;
use crate::telemetry::Metrics;
use crate::topology::{Layout, Topology};

/// Clients at the same time; others wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long the head of a request may take, an idle connection included.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection may live.
const LIFE: Duration = Duration::from_secs(600);
/// How long a request waits for ids.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a request's head, and how many headers it may have.
const HEAD_BYTES: usize = 16 * 1024;
const HEADERS: usize = 64;
/// Bytes of a request's body: nothing reads it.
const BODY_BYTES: u64 = 4096;
/// How long accepting rests when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(20);
/// The type of Prometheus' text.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What it serves.
#[derive(Debug)]
pub struct Http {
    /// New ids.
    pub ids: Arc<Ids>,
    /// Whose.
    pub topology: Arc<Topology>,
    /// Counters.
    pub metrics: Metrics,
}

impl Http {
    /// Listens.
    pub async fn listen(address: &str) -> Result<TcpListener> {
        let cannot = |error| Error::new(Code::Internal, format!("cannot listen on {address}: {error}"));
        TcpListener::bind(address).await.map_err(cannot)
    }

    /// Serves until `stop`; then answers what has been asked, and ends.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let (served, places) = (Arc::new(self), Arc::new(Semaphore::new(CONNECTIONS)));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => {
                    let (served, stop) = (Arc::clone(&served), stop.clone());
                    tokio::spawn(async move {
                        let _place = place;
                        if timeout(LIFE, served.connection(socket, peer, stop)).await.is_err() {
                            tracing::debug!(%peer, "an HTTP connection was closed for its age");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!("accepting HTTP failed: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn connection(self: Arc<Self>, socket: TcpStream, peer: SocketAddr, stop: CancellationToken) {
        let answer = service_fn(|request| {
            let served = Arc::clone(&self);
            async move { Ok::<_, Infallible>(served.answer(&request).await) }
        });
        let mut builder = Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
        builder.max_buf_size(HEAD_BYTES).max_headers(HEADERS);
        let connection = builder.serve_connection(TokioIo::new(socket), answer);
        tokio::pin!(connection);
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%peer, "an HTTP connection broke: {error}");
        }
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.body().size_hint().upper().is_none_or(|bytes| bytes > BODY_BYTES) {
            let text = format!("the body is larger than {BODY_BYTES} bytes, or says no length");
            return error(StatusCode::PAYLOAD_TOO_LARGE, &text);
        }
        let path = request.uri().path();
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        match (path, path.strip_prefix("/ids/")) {
            ("/metrics", _) if reads => answer(StatusCode::OK, METRICS, self.metrics.text()),
            ("/health", _) if reads => json_answer(StatusCode::OK, &json!({ "status": "ok" })),
            ("/metrics" | "/health", _) => not_allowed("GET"),
            (_, Some(_)) if *request.method() != Method::POST => not_allowed("POST"),
            (_, Some(table)) => match self.new_ids(table, request.uri().query().unwrap_or_default()).await {
                Ok(ids) => json_answer(StatusCode::OK, &ids),
                Err(failure) => error(status_of(&failure), &failure.message),
            },
            _ => error(
                StatusCode::NOT_FOUND,
                "there are POST /ids/DATABASE.TABLE?n=100, GET /metrics and GET /health",
            ),
        }
    }

    /// `n` (1) ids of `database.table`; `key`: the sharding key's value, whose slot they carry.
    async fn new_ids(&self, table: &str, query: &str) -> Result<Json> {
        let table = decoded(table)?;
        let (mut count, mut key) = (1, None);
        for (name, value) in query.split('&').filter(|part| !part.is_empty()).map(split) {
            match name {
                "n" => {
                    let wrong = || bad(format!("n must be a whole number, not \"{value}\""));
                    count = value.parse::<u64>().map_err(|_| wrong())?;
                }
                "key" => key = Some(self.key(&table, decoded(value)?)),
                other => return Err(bad(format!("unknown parameter \"{other}\"; there are n and key"))),
            }
        }
        if !table.contains('.') {
            return Err(bad(format!("\"{table}\" names no database; write /ids/DATABASE.TABLE")));
        }
        let ask = Ask::new(&self.topology, None, &table, count, key.as_ref())?;
        let made = self.ids.reserve_patiently(ask.rule.generator, ask.count, ask.gene, PATIENCE).await?;
        Ok(match made {
            NewIds::Numbers { first, step } => {
                let last = first + step * (count - 1);
                json!({ "first": first.to_string(), "last": last.to_string(), "step": step, "count": count })
            }
            NewIds::Uuids(made) => json!({ "ids": made.iter().map(uuid_text).collect::<Vec<_>>() }),
        })
    }

    /// A sharding key's value, which comes as text, as its table's rule takes it.
    fn key(&self, table: &str, text: String) -> Value {
        let found = table.split_once('.').and_then(|(database, name)| {
            self.topology.database(database).map(|database| database.table(name))
        });
        let integer = found.is_some_and(|table| match &table.layout {
            Layout::Sharded(sharded) => sharded.rule.key() == KeyType::Integer,
            Layout::Reference(_) | Layout::Single(_) => false,
        });
        let number = || text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::UInt)).ok();
        match number().filter(|_| integer) {
            Some(number) => number,
            None => Value::Str(text.into_bytes()),
        }
    }
}

/// `name=value`
fn split(part: &str) -> (&str, &str) {
    part.split_once('=').unwrap_or((part, ""))
}

/// A part of a URL with its `%41` and `+` (RFC 3986, section 2.1).
fn decoded(text: &str) -> Result<String> {
    let wrong = || bad(format!("\"{text}\" is not percent-encoded UTF-8"));
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
                (high * 16 + low) as u8
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| wrong())
}

fn bad(message: String) -> Error {
    Error::new(Code::WrongArguments, message)
}

fn status_of(error: &Error) -> StatusCode {
    let is = |codes: &[Code]| codes.iter().any(|code| error.is(*code));
    match () {
        () if is(&[Code::NoTable, Code::UnknownDatabase]) => StatusCode::NOT_FOUND,
        () if is(&[Code::NoIds, Code::SourceDown]) => StatusCode::SERVICE_UNAVAILABLE,
        () if is(&[
            Code::WrongArguments,
            Code::OutOfRange,
            Code::BadValue,
            Code::NoPartition,
            Code::NotSupported,
        ]) =>
        {
            StatusCode::BAD_REQUEST
        }
        () => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

fn json_answer(status: StatusCode, body: &Json) -> Response<Full<Bytes>> {
    answer(status, "application/json", format!("{body}\n"))
}

fn error(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    json_answer(status, &json!({ "error": message }))
}

fn not_allowed(method: &'static str) -> Response<Full<Bytes>> {
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, &format!("use {method}"));
    response.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static(method));
    response
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn parts_of_urls_are_decoded() {
        assert_eq!(decoded("shop.orders").unwrap(), "shop.orders");
        assert_eq!(decoded("a%20b+c%C3%A9").unwrap(), "a b cé");
        for wrong in ["%", "%4", "%zz", "%ff"] {
            assert!(decoded(wrong).is_err(), "{wrong}");
        }
    }
}
