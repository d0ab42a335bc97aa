//! The sessions that run callers' statements: opened when needed, kept for a
//! moment, never more than allowed. Knows nothing of the statements.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool::managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult};
use tokio_postgres::Client;

use crate::{
    adapter::{
        DbResult,
        local::{
            phase_clock::{PhaseClock, timeout_error},
            session::Session,
            target::{Purpose, Target},
        },
    },
    domain::{Action, DbError, ErrorKind, PoolGauge, PoolMode},
};

/// A session that nobody used for this long is closed.
const IDLE: Duration = Duration::from_secs(10);

/// The pool of one server.
#[derive(Clone)]
pub(super) struct Pool {
    sessions: managed::Pool<Opener>,
    target: Arc<Target>,
    /// Whether a task is under way that will close idle sessions.
    is_reaped: Arc<AtomicBool>,
}

/// A session in a caller's hands. It goes back to the pool only after
/// [`Lease::give_back`]; one that is dropped halfway through ends at once.
pub(super) struct Lease {
    session: Option<Object<Opener>>,
    pool: Pool,
    /// Statements of the driver's own in the server's session.
    left: Vec<String>,
}

/// Opens sessions for the pool.
struct Opener {
    target: Arc<Target>,
}

// === impl Pool ===

impl Pool {
    /// An empty pool. Of the configured connections the sentinel and the probe
    /// take one each.
    pub(super) fn new(target: &Arc<Target>) -> Self {
        let max = target.section().pool_size.saturating_sub(2).max(1);
        let opener = Opener {
            target: Arc::clone(target),
        };
        let sessions = managed::Pool::builder(opener)
            .max_size(usize::try_from(max).unwrap_or(1))
            .build()
            .expect("without pool timeouts no runtime is needed");
        Self {
            sessions,
            target: Arc::clone(target),
            is_reaped: Arc::default(),
        }
    }

    /// An idle session or a new one. Waits while all are in use; the caller's
    /// deadline bounds that. A failure to open is the true one, not the pool's.
    pub(super) async fn lease(&self, action: Action) -> DbResult<Lease> {
        match self.sessions.get().await {
            Ok(session) => Ok(Lease {
                session: Some(session),
                pool: self.clone(),
                left: Vec::new(),
            }),
            Err(PoolError::Backend(error)) => Err(error.during(action)),
            Err(PoolError::Closed) => Err(DbError::new(action, ErrorKind::NotConnected)),
            Err(PoolError::Timeout(_)) => Err(timeout_error(action, self.target.section().timeout)),
            Err(other @ (PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_))) => {
                Err(DbError::new(action, ErrorKind::OwnSide).with_source(other))
            }
        }
    }

    /// Closes the idle sessions and gives out no more.
    pub(super) async fn close(&self) {
        let idle = self.sessions.retain(|_, _| false).removed;
        self.sessions.close();
        futures::future::join_all(idle.into_iter().map(Session::close)).await;
    }

    /// How full the pool is.
    pub(super) fn gauge(&self) -> PoolGauge {
        let status = self.sessions.status();
        let whole = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        PoolGauge {
            size: whole(status.size),
            idle: whole(status.available),
            waiting: whole(status.waiting),
            max: whole(status.max_size),
        }
    }

    /// Closes idle sessions until none is left, then ends. One task at a time.
    fn reap(&self) {
        if self.is_reaped.swap(true, Ordering::AcqRel) {
            return;
        }
        let sessions = self.sessions.weak();
        let is_reaped = Arc::clone(&self.is_reaped);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE).await;
                let Some(sessions) = sessions.upgrade() else {
                    return;
                };
                let idle = sessions.retain(|_, metrics: Metrics| metrics.last_used() < IDLE);
                futures::future::join_all(idle.removed.into_iter().map(Session::close)).await;
                if sessions.status().size == 0 {
                    is_reaped.store(false, Ordering::Release);
                    return;
                }
            }
        });
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("gauge", &self.gauge())
            .finish_non_exhaustive()
    }
}

// === impl Lease ===

impl Lease {
    /// The driver's client.
    pub(super) fn client(&self) -> &Client {
        self.session
            .as_ref()
            .expect("a lease has its session until it is given back")
            .client()
    }

    /// The server, as configured and as far as it is known.
    pub(super) fn target(&self) -> &Target {
        &self.pool.target
    }

    /// Whether the server's session may be another one in the next transaction.
    pub(super) fn shares_sessions(&self) -> bool {
        let pooler = self.target().pooler();
        pooler.is_some_and(PoolMode::shares_sessions)
    }

    /// What begins the transaction that a statement of its own needs; `None`
    /// where it needs none, or cannot have one.
    pub(super) fn opening(&self) -> Option<String> {
        let target = self.target();
        let takes_none = target.pooler() == Some(PoolMode::Statement);
        let needs_one = !target.keeps_settings() && !takes_none;
        needs_one.then(|| format!("begin{}", target.own_settings()))
    }

    /// Whether the server was last ready outside of any transaction.
    pub(super) fn is_idle(&self) -> bool {
        let session = self.session.as_ref();
        session.is_none_or(|session| session.notes().is_idle())
    }

    /// Statements of the driver's own were left in the server's session.
    pub(super) fn note_left(&mut self, names: Vec<String>) {
        self.left = names;
    }

    /// The statements of the driver's own that were left.
    pub(super) fn left(&self) -> &[String] {
        &self.left
    }

    /// Classifies the error of a statement.
    pub(super) async fn classify(
        &mut self,
        error: tokio_postgres::Error,
        action: Action,
    ) -> DbError {
        self.session
            .as_mut()
            .expect("a lease has its session until it is given back")
            .classify(error, action)
            .await
    }

    /// The work is done and the session is clean: others may use it. Where
    /// writing is switched off a session serves one caller only, so that no
    /// setting of one reaches the next; and one for which the driver believes
    /// to have statements that are gone serves nobody any more.
    pub(super) async fn give_back(mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        if self.pool.target.section().read_only || !self.left.is_empty() {
            Object::take(session).close().await;
            return;
        }
        drop(session);
        self.pool.reap();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            drop(Object::take(session));
        }
    }
}

// === impl Opener ===

impl managed::Manager for Opener {
    type Type = Session;
    type Error = DbError;

    async fn create(&self) -> DbResult<Session> {
        // The deadline is the caller's, which also covers waiting and statement.
        let clock = PhaseClock::start(Action::Connect, self.target.section().timeout);
        Session::open(&self.target, Purpose::Statements, &clock).await
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<DbError> {
        if session.is_closed() {
            tracing::info!("an idle session had been ended by the server");
            return Err(RecycleError::message("the session has ended"));
        }
        session.renew_allowance();
        Ok(())
    }
}
