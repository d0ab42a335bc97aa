//! The client for requests of callers: its connections are kept and used
//! again. Knows nothing of tables and rows.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, redirect};
use tokio::sync::Semaphore;

use crate::{
    adapter::{
        DbResult,
        local::{system_tls, timeout_error},
        supabase::{
            answer::{Answer, Body},
            failure::from_reqwest,
            project::Project,
            resolver::Resolver,
        },
    },
    domain::{Action, DbError, ErrorKind, Layer},
};

/// After so many timeouts in a row the client is made anew: a connection that
/// is dead may still be taken for one that lives.
const TIMEOUTS: u32 = 2;

/// For one caller a larger answer is an error, as in local mode.
pub(super) const LARGEST_ANSWER: usize = 256 << 20;

/// So much of an answer to a look is read.
pub(super) const LARGEST_LOOK: usize = 1 << 20;

/// A connection that nobody used for so long is closed by us, before somebody
/// in between does it without a word.
const IDLE: Duration = Duration::from_secs(30);

/// Sends requests, at most `pool_size` at once.
#[derive(Debug)]
pub(super) struct Client {
    project: Arc<Project>,
    current: Mutex<Current>,
    room: Semaphore,
}

#[derive(Debug, Default)]
struct Current {
    client: Option<reqwest::Client>,
    /// Timeouts since the last answer.
    timeouts: u32,
}

/// One request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Table and query, whole.
    pub(super) url: String,
    /// What the `Prefer` header says.
    pub(super) prefer: Option<&'static str>,
    /// A JSON text.
    pub(super) body: Option<Vec<u8>>,
    /// So much of a success is read, in bytes.
    pub(super) largest: usize,
}

impl Request {
    pub(super) fn get(url: String) -> Self {
        Self {
            method: Method::GET,
            url,
            prefer: None,
            body: None,
            largest: LARGEST_ANSWER,
        }
    }

    /// A look: one small row is read.
    pub(super) fn look(url: String) -> Self {
        Self {
            largest: LARGEST_LOOK,
            ..Self::get(url)
        }
    }
}

impl Client {
    pub(super) fn new(project: Arc<Project>) -> Self {
        let room = usize::try_from(project.section().pool_size).unwrap_or(1);
        Self {
            project,
            current: Mutex::default(),
            room: Semaphore::new(room.max(1)),
        }
    }

    /// Sends a request and reads its answer to the end: one deadline for
    /// waiting, connecting and both.
    pub(super) async fn send(&self, request: Request, action: Action) -> DbResult<Answer> {
        let limit = self.project.section().timeout;
        let sending = async {
            let room = self.room.acquire().await;
            let _room = room.map_err(|closed| {
                DbError::new(action, ErrorKind::NotConnected).with_source(closed)
            })?;
            let client = self.client(action).await?;
            exchange(&client, &self.project, request, action).await
        };
        // The client's own deadlines come first, and say more.
        let answer = match tokio::time::timeout(limit, sending).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(timeout_error(action, limit)
                .at_layer(Layer::Statement)
                .with_details("the request was not answered")
                .with_source(elapsed)),
        };
        self.note(&answer);
        answer
    }

    /// Lets the kept connections go.
    pub(super) fn close(&self) {
        self.current().client = None;
    }

    /// Counts timeouts in a row, and gives a client up that meets only them.
    fn note(&self, answer: &DbResult<Answer>) {
        let is_timeout = |error: &DbError| matches!(error.kind(), ErrorKind::Timeout { .. });
        let mut current = self.current();
        if !answer.as_ref().is_err_and(is_timeout) {
            current.timeouts = 0;
            return;
        }
        current.timeouts += 1;
        if current.timeouts >= TIMEOUTS {
            tracing::debug!(
                timeouts = current.timeouts,
                "the client is made anew: its connections may be dead"
            );
            *current = Current::default();
        }
    }

    async fn client(&self, action: Action) -> DbResult<reqwest::Client> {
        let kept = self.current().client.clone();
        if let Some(client) = kept {
            return Ok(client);
        }
        let made = make(&self.project, action).await?;
        // Of several that were made at the same time the first is kept.
        Ok(self.current().client.get_or_insert(made).clone())
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        // It is whole after every statement, so a panic elsewhere leaves it usable.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client with our TLS, our resolver and our deadlines. It follows nobody
/// elsewhere, and no proxy stands before this machine itself.
async fn make(project: &Project, action: Action) -> DbResult<reqwest::Client> {
    let limit = project.section().timeout;
    let mut builder = reqwest::Client::builder()
        .default_headers(project.headers().clone())
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(limit)
        .read_timeout(limit)
        .timeout(limit)
        .pool_idle_timeout(IDLE)
        .dns_resolver(Resolver)
        .tls_backend_preconfigured(system_tls(action).await?);
    if project.is_near() {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        let error = error.without_url();
        DbError::new(action, ErrorKind::OwnSide)
            .with_details("no HTTP client could be made")
            .with_source(error)
    })
}

async fn exchange(
    client: &reqwest::Client,
    project: &Project,
    request: Request,
    action: Action,
) -> DbResult<Answer> {
    let (limit, largest) = (project.section().timeout, request.largest);
    let failed = |error| from_reqwest(error, action, limit, project);
    let mut builder = client.request(request.method, request.url);
    if let Some(prefer) = request.prefer {
        builder = builder.header("prefer", HeaderValue::from_static(prefer));
    }
    if let Some(body) = request.body {
        let json = HeaderValue::from_static("application/json");
        builder = builder.header(CONTENT_TYPE, json).body(body);
    }
    let mut response = builder.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let mut body = Body::default();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if !body.take(&chunk, status, largest) {
            break;
        }
    }
    if body.is_cut() && response.status().is_success() && largest == LARGEST_ANSWER {
        return Err(DbError::new(action, ErrorKind::OwnSide)
            .with_details("the answer takes more than 256 MB"));
    }
    Ok(Answer::new(status, response.headers(), body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adapter::supabase::project::tests::project, domain::KeyKind};

    fn timed_out() -> DbResult<Answer> {
        Err(timeout_error(Action::Query, Duration::from_secs(1)))
    }

    fn refused() -> DbResult<Answer> {
        Err(DbError::new(Action::Query, ErrorKind::KeyRefused))
    }

    #[tokio::test]
    async fn a_client_that_only_times_out_is_made_anew() {
        let client = Client::new(Arc::new(project(KeyKind::Secret)));
        client.client(Action::Query).await.unwrap();
        let is_kept = || client.current().client.is_some();
        client.note(&timed_out());
        assert!(is_kept());
        // Any answer shows that the connections live.
        client.note(&refused());
        client.note(&timed_out());
        assert!(is_kept());
        client.note(&timed_out());
        assert!(!is_kept());
        let made = client.client(Action::Query).await.unwrap();
        assert!(is_kept() && !format!("{made:?} {client:?}").contains("Zq9"));
        client.close();
        assert!(!is_kept());
    }
}
