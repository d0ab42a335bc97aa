//! Starts the backend: makes machine, channels and supervisor fit together.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;

use crate::{
    backend::{
        clock::Clock,
        handle::{Handle, channels},
        machine::{Machine, Rhythm},
        operation_feed::OperationFeed,
        publish::first_snapshot,
        rehearsing::Stage,
        session,
        supervisor::{Parts, Supervisor},
        switching::Switchboard,
        watched::Watched,
    },
    config::WatchSection,
    domain::{Backoff, ConnectionId, Mode, Session},
};

/// The longest delay of the quick lane.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// A running backend. It ends when the last clone of its handle is dropped.
#[derive(Debug)]
pub struct Backend {
    /// For the readers.
    pub handle: Handle,
    /// The supervisor task, to wait for its end.
    pub task: JoinHandle<()>,
}

/// What is watched, and what it tells.
#[derive(Debug)]
pub struct Subject<A> {
    /// The adapter.
    pub watched: Arc<A>,
    /// Its connection.
    pub id: ConnectionId,
    /// The operations that it records.
    pub operations: OperationFeed,
}

/// Starts watching: the first attempt begins at once.
///
/// Must be called within a tokio runtime.
#[must_use]
pub fn start<A: Watched>(
    subject: Subject<A>,
    section: &WatchSection,
    session: Arc<Session>,
    clock: Clock,
) -> Backend {
    begin(subject, section, session, clock, None)
}

/// The same, with the means to watch something else later, or by another
/// configuration, as a reader wishes.
///
/// Must be called within a tokio runtime.
#[must_use]
pub fn start_switchable<A: Watched>(
    subject: Subject<A>,
    switchboard: Switchboard<A>,
    clock: Clock,
) -> Backend {
    let config = &switchboard.loaded.config;
    let session = Arc::new(session::session(config, clock.now().wall));
    let section = config.watch;
    begin(subject, &section, session, clock, Some(switchboard))
}

fn begin<A: Watched>(
    subject: Subject<A>,
    section: &WatchSection,
    session: Arc<Session>,
    clock: Clock,
    switchboard: Option<Switchboard<A>>,
) -> Backend {
    let mode = session.target.mode;
    let rhythm = rhythm(section, subject.watched.knock_pace(), mode);
    let now = clock.now();
    let machine = Machine::new(rhythm, subject.id, mode, now);
    let stage = Stage::of(subject.watched.as_ref(), now);
    let first = first_snapshot(&machine, &session, stage, now);
    let (handle, outlet) = channels(first, clock.clone());
    let supervisor = Supervisor::new(Parts {
        watched: subject.watched,
        machine,
        clock,
        session,
        heartbeat: section.heartbeat_interval,
        operations: subject.operations,
        outlet,
        switchboard,
    });
    Backend {
        handle,
        task: tokio::spawn(supervisor.run()),
    }
}

/// The machine's rhythm for a configuration.
pub(super) fn rhythm(section: &WatchSection, knock_pace: Option<Duration>, mode: Mode) -> Rhythm {
    // A configuration's retry delay is 100 ms to 10 s, so this holds; a
    // section made by hand gets the nearest delay that does.
    let base = section
        .retry_delay
        .clamp(Duration::from_millis(1), LONGEST_DELAY);
    // A project has no connection that stands and could end.
    let has_connection = match mode {
        Mode::Local | Mode::Mock => true,
        Mode::Supabase => false,
    };
    Rhythm {
        is_guarded: has_connection || section.heartbeat_interval.is_some(),
        interval: section.health_check_interval,
        timeout: section.health_check_timeout,
        heartbeat: section.heartbeat_interval,
        knock_pace,
        auto_migrate: section.auto_migrate,
        backoff: Backoff::try_new(base, LONGEST_DELAY).expect("1 ms <= base <= 30 s"),
        max_retries: section.max_retries,
    }
}
