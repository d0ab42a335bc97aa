//! Who still answers while a request does not: the REST service without its
//! database, the gateway alone, or nobody. Knows nothing of rows.

use std::pin::pin;

use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    adapter::{
        DbResult,
        local::{PhaseClock, timeout_error},
        supabase::{project::Project, proxy::Proxy, visit::Visit},
    },
    domain::Layer,
};

/// Says whether the REST service itself runs, and asks no database.
const LIVE: &str = "/rest-admin/v1/live";

/// Who is there although a request was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Present {
    Nobody,
    Gateway,
    Service,
}

impl Present {
    /// Where the silence lies then.
    const fn layer(self) -> Layer {
        match self {
            Self::Nobody => Layer::Login,
            Self::Gateway => Layer::Rest,
            Self::Service => Layer::Database,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "the connection was accepted, and nothing was answered",
            Self::Gateway => "the gateway answers, and a request of one row was not answered",
            Self::Service => "the REST service runs, and a request of one row was not answered",
        }
    }

    const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Nobody => None,
            Self::Gateway => Some("look at the project's state in its dashboard"),
            Self::Service => Some(
                "the REST service waits for the database: look at its state, its load and locks",
            ),
        }
    }
}

/// Waits for an answer within the clock's time. When half of what is left has
/// passed, somebody else is asked beside it on a connection of its own, so that
/// a silence is told with its place.
pub(super) async fn watched<T>(
    asking: impl Future<Output = DbResult<T>> + Send,
    project: &Project,
    clock: &PhaseClock,
) -> DbResult<T> {
    let deadline = Instant::now() + clock.remaining();
    let mut asking = pin!(asking);
    if let Ok(answered) = timeout(clock.remaining() / 2, &mut asking).await {
        return answered;
    }
    let mut present = Present::Nobody;
    let both = async {
        // Boxed: what a handshake needs would make every future that looks large.
        let beside = Box::pin(who_answers(project, clock));
        tokio::select! {
            biased;
            answered = &mut asking => return answered,
            found = beside => present = found,
        }
        asking.await
    };
    let answered = timeout_at(deadline, both).await;
    answered.unwrap_or_else(|elapsed| {
        let late = timeout_error(clock.action(), clock.limit());
        if clock.timings().query.is_some() {
            return Err(late
                .at_layer(Layer::Rest)
                .with_details("an answer was begun, and not sent to its end")
                .with_source(elapsed));
        }
        let error = late
            .at_layer(present.layer())
            .with_details(present.words())
            .with_source(elapsed);
        Err(match (present, present.hint()) {
            (_, Some(hint)) => error.with_hint(hint),
            // A proxy that takes the requests themselves may be who is silent.
            (Present::Nobody, None) if !project.endpoint().is_encrypted => {
                Proxy::blame_any(error, project)
            }
            (Present::Nobody | Present::Gateway | Present::Service, None) => error,
        })
    })
}

async fn who_answers(project: &Project, clock: &PhaseClock) -> Present {
    let own = PhaseClock::start(clock.action(), clock.remaining());
    let asking = async {
        let mut visit = Visit::open(project, &own).await?;
        visit.get(&project.neighbour(LIVE), || {}).await
    };
    match asking.await {
        Ok(answer) if answer.is_success() => Present::Service,
        Ok(_) => Present::Gateway,
        Err(error) => {
            tracing::debug!(%error, "nobody else answers beside a request that is not answered");
            Present::Nobody
        }
    }
}
