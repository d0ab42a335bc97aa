//! The whole examination: the way from outside and a login as every client
//! does it, at the same time, under one deadline. Knows no layer by itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    adapter::{
        DbResult, DiagnosisOptions,
        diagnosis::Findings,
        local::{
            diagnose::{inside, login, way},
            target::Target,
        },
    },
    domain::{ErrorKind, Exam, Finding, Layer},
};

/// When what must be known. All lie within twice the timeout.
#[derive(Debug, Clone, Copy)]
pub(in crate::adapter) struct Limits {
    started: Instant,
    timeout: Duration,
}

/// Examines and tells; the error is the one that a health check would meet.
pub(in crate::adapter::local) async fn diagnose(
    target: &Target,
    options: DiagnosisOptions,
    findings: &Findings,
) -> DbResult<()> {
    let limits = Limits::start(target.section().timeout);
    let inside = async {
        let reached = Box::pin(inside::look(target, options, limits, findings)).await;
        (reached, limits.started.elapsed())
    };
    let (seen, (reached, entering)) = tokio::join!(
        // Boxed: what a handshake needs would make every future that may diagnose large.
        Box::pin(way::look(target, limits, findings)),
        inside,
    );
    match &reached {
        Ok(()) => way::soften(findings),
        Err(error) if error.layer() == Layer::Login => {
            let refused = login::refused(target, error, &seen, limits).await;
            findings.tell(refused.taking(entering));
        }
        // The server looks for the database and its rights after the login.
        Err(error) if Exam::of(error.layer()) > Exam::Login => {
            if findings.of(Exam::Login).is_none() {
                findings.tell(login::let_in_before(target));
            }
        }
        Err(_) => {}
    }
    if let Err(error) = &reached
        && let ErrorKind::Timeout { .. } = error.kind()
        && error.layer() == Layer::Statement
    {
        if target.pooler().is_some() || target.refuses_options() {
            tell_pooler(findings);
        } else {
            tell_slowness(findings, limits);
        }
    }
    reached
}

/// A pooler lets a client in and has no server for its statements.
fn tell_pooler(findings: &Findings) {
    let mut finding = Finding::skipped(Exam::Latency, "not in time");
    finding.note(
        "the login was answered and a statement was not: a pooler that waits for its own server, \
         or for a session of it",
    );
    finding.next =
        Some("look at the pooler's log and sessions, and at the server behind it".to_owned());
    findings.tell(finding);
}

/// A statement stayed out after a login that was slow already: that is another
/// trouble than a server that hangs.
fn tell_slowness(findings: &Findings, limits: Limits) {
    let login = findings.of(Exam::Login).and_then(|login| login.took);
    let Some(took) = login.filter(|took| *took > limits.timeout / 5) else {
        return;
    };
    let mut finding = Finding::skipped(Exam::Latency, "not in time");
    finding.note(format!(
        "the login alone took {} ms: the way or the server is slow, not dead",
        took.as_millis()
    ));
    finding.next =
        Some("raise health_check_timeout, or look at the network and the server's load".to_owned());
    findings.tell(finding);
}

// === impl Limits ===

impl Limits {
    pub(in crate::adapter) fn start(timeout: Duration) -> Self {
        Self {
            started: Instant::now(),
            timeout,
        }
    }

    /// The configured timeout.
    pub(in crate::adapter) fn timeout(self) -> Duration {
        self.timeout
    }

    /// For the way there and the login: what a health check may take.
    pub(in crate::adapter) fn entry(self) -> Instant {
        self.started + self.timeout
    }

    /// For what is asked on a connection that stands. Where an address that is
    /// dead was waited for meanwhile, a quarter of the timeout is left for it.
    pub(in crate::adapter) fn handshake(self) -> Instant {
        let granted = Instant::now() + self.timeout / 4;
        self.entry().max(granted.min(self.answers()))
    }

    /// For what is asked of the server.
    pub(in crate::adapter) fn answers(self) -> Instant {
        self.started + self.timeout * 3 / 2
    }

    /// For what is asked after all else.
    pub(in crate::adapter) fn last(self) -> Instant {
        self.started + self.timeout * 7 / 4
    }
}
