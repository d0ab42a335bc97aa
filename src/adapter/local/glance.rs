//! A small question to a server, on a session that stays: whether it answers
//! still, and how its schema stands. Knows nothing of who watches what.

use std::{fmt, sync::Arc};

use tokio::sync::Mutex;

use crate::{
    adapter::{
        DbResult,
        local::{
            details::{read_tables, round_trip},
            fence::{Fence, Flight, Path, Reader},
            migrations_told::{Asking, add_migrations},
            phase_clock::{Phase, PhaseClock},
            schema_state::{Asked, STATE, SchemaState},
            session::Session,
            target::{Purpose, Target},
        },
    },
    domain::{Action, ErrorKind, HealthDetails},
};

/// Whoever asks one server now and then. It logs in with the first question, and
/// again when its session has ended.
pub(super) struct Glance {
    target: Arc<Target>,
    session: Mutex<Option<Session>>,
}

impl Glance {
    pub(super) fn new(target: Arc<Target>) -> Self {
        Self {
            target,
            session: Mutex::default(),
        }
    }

    /// Asks, in the time that a health check has. Where the schema is required it
    /// is told how that and the migrations stand; else nothing but the answer.
    pub(super) async fn ask(&self, action: Action) -> DbResult<HealthDetails> {
        let clock = PhaseClock::start(action, self.target.section().timeout);
        clock.within(self.asked(&clock)).await
    }

    /// Ends the session.
    pub(super) async fn close(&self) {
        if let Some(session) = self.session.lock().await.take() {
            session.close().await;
        }
    }

    async fn asked(&self, clock: &PhaseClock) -> DbResult<HealthDetails> {
        // One that fails, or is left halfway, is not put back.
        let mut kept = self.session.lock().await;
        if let Some(mut session) = kept.take().filter(|session| !session.is_closed()) {
            session.renew_allowance();
            match self.look(&mut session, clock).await {
                // It had ended unseen, which says nothing about the server.
                Err(error) if error.kind() == ErrorKind::ConnectionLost => {
                    tracing::debug!(%error, "the session had ended");
                }
                looked => {
                    *kept = looked.is_ok().then_some(session);
                    return looked;
                }
            }
        }
        let mut session = Session::open(&self.target, Purpose::Probe, clock).await?;
        let found = self.look(&mut session, clock).await?;
        *kept = Some(session);
        Ok(found)
    }

    async fn look(&self, session: &mut Session, clock: &PhaseClock) -> DbResult<HealthDetails> {
        let action = clock.action();
        if !self.target.section().requires_schema {
            round_trip(session, clock).await?;
            return Ok(HealthDetails::default());
        }
        clock.begin(Phase::Query);
        let flight = Flight::with(Fence::of(&self.target));
        // Boxed: a flight of statements makes every future that may look large.
        let found = Box::pin(self.schema(session, &flight, action)).await?;
        match flight.land(session.client()).await {
            Ok(()) => Ok(found),
            Err(error) => Err(session.classify(error, action).await),
        }
    }

    async fn schema(
        &self,
        session: &mut Session,
        flight: &Flight,
        action: Action,
    ) -> DbResult<HealthDetails> {
        let asked = Asked::about(self.target.section().ledger_schema.as_deref());
        let params = asked.params();
        let answer = flight
            .ask(session.client(), Path::Clients, STATE, &params)
            .await;
        let mut reader = Reader::new(session, action);
        let mut found = HealthDetails::default();
        let mut state = None;
        if let Some(row) = reader.row("tables", answer).await? {
            let read = SchemaState::read(&row, action)?;
            read_tables(&mut found, &mut reader, &read);
            state = Some(read);
        }
        found.unread = reader.finish();
        if let Some(state) = state {
            let asking = Asking {
                session,
                target: &self.target,
                flight,
                action,
            };
            add_migrations(&mut found, state, asking).await?;
        }
        Ok(found)
    }
}

impl fmt::Debug for Glance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Glance").finish_non_exhaustive()
    }
}
