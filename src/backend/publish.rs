//! Makes the snapshot of a moment from what the supervisor owns.

use std::sync::Arc;

use crate::{
    backend::{
        clock::Moment,
        machine::{Machine, Watching},
        migrating::Migrations,
        record::Record,
        rehearsing::Stage,
    },
    domain::{
        Alternatives, ConfigReview, ConnectionStatus, DbError, DiagnosisProgress, Evidence,
        HealthCheckResult, Lamps, Outage, Refusal, Session, Snapshot, Verdict,
    },
};

/// What a snapshot is made from.
pub(super) struct Sources<'a> {
    pub(super) machine: &'a Machine,
    pub(super) session: &'a Arc<Session>,
    pub(super) record: &'a mut Record,
    pub(super) lamps: &'a Lamps,
    pub(super) newest: Option<&'a HealthCheckResult>,
    pub(super) busy_since: Option<Moment>,
    pub(super) operations_lost: u64,
    pub(super) diagnosis: Option<&'a Arc<DiagnosisProgress>>,
    pub(super) stage: Option<Stage>,
    pub(super) migrations: &'a Migrations,
    pub(super) alternatives: Option<&'a Arc<Alternatives>>,
    pub(super) review: Option<&'a Arc<ConfigReview>>,
    pub(super) revision: u64,
}

/// The snapshot before anything happened.
pub(super) fn first_snapshot(
    machine: &Machine,
    session: &Arc<Session>,
    stage: Option<Stage>,
    now: Moment,
) -> Arc<Snapshot> {
    snapshot(
        &mut Sources {
            machine,
            session,
            record: &mut Record::new(),
            lamps: &Lamps::unknown(),
            newest: None,
            busy_since: None,
            operations_lost: 0,
            diagnosis: None,
            stage,
            migrations: &Migrations::default(),
            alternatives: None,
            review: None,
            revision: 0,
        },
        now,
    )
}

/// The snapshot of this moment.
pub(super) fn snapshot(sources: &mut Sources<'_>, now: Moment) -> Arc<Snapshot> {
    let machine = sources.machine;
    let connected = machine.connection().status() == ConnectionStatus::Connected;
    let next = machine.next_step().map(|mono| now.wall_at(mono));
    let outage = machine.failing().map(|failing| Outage {
        since: failing.since.wall,
        error: Arc::clone(&failing.error),
        failed_tries: failing.failed_tries,
        lane: machine.lane(),
        next_try: next.filter(|_| !connected),
    });
    let views = sources.record.views();
    let watching = machine.watching();
    Arc::new(Snapshot {
        revision: sources.revision,
        session: Arc::clone(sources.session),
        connection: machine.connection().clone(),
        verdict: verdict(machine, sources.newest, sources.session),
        lamps: sources.lamps.clone(),
        outage,
        suspect_since: watching.and_then(|watching| Some(watching.suspect?.wall)),
        refusal: refusal(watching.and_then(|w| w.refused.as_ref()), &views.checks),
        busy_since: sources.busy_since.map(|since| since.wall),
        next_check: next.filter(|_| connected),
        last_good: sources.record.last_good().cloned(),
        checks: views.checks,
        checks_dropped: sources.record.checks_dropped(),
        operations: views.operations,
        operations_dropped: sources.record.operations_dropped() + sources.operations_lost,
        errors: views.errors,
        errors_dropped: sources.record.errors_dropped(),
        diagnosis: sources.diagnosis.map(Arc::clone),
        rehearsal: sources.stage.map(|stage| stage.rehearsed(now)),
        migrations: sources.migrations.look.clone(),
        migration: sources.migrations.progress.clone(),
        alternatives: sources.alternatives.map(Arc::clone),
        review: sources.review.map(Arc::clone),
    })
}

/// The cause with the end of the first of the checks that have failed in a row.
fn refusal(error: Option<&Arc<DbError>>, checks: &[Arc<HealthCheckResult>]) -> Option<Refusal> {
    let failed = checks.iter().rev().take_while(|check| !check.success());
    let first = failed.last()?;
    error.map(|error| Refusal {
        since: first.timestamp() + first.latency(),
        error: Arc::clone(error),
    })
}

/// The health, from machine and newest check.
pub(super) fn verdict(
    machine: &Machine,
    newest: Option<&HealthCheckResult>,
    session: &Session,
) -> Verdict {
    let watching = machine.watching();
    let evidence = Evidence {
        status: machine.connection().status(),
        newest,
        heartbeats: watching.and_then(Watching::heartbeats),
        is_suspect: watching.is_some_and(|watching| watching.suspect.is_some()),
        refused: watching.and_then(|watching| watching.refused.as_deref()),
        unguarded: watching.and_then(|watching| watching.unguarded().map(Arc::as_ref)),
    };
    Verdict::assess(&evidence, &session.policy)
}
