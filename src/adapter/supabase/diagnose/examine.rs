//! The whole examination: the way from outside and the requests of a client,
//! at the same time, under one deadline. Knows no layer by itself.

use crate::{
    adapter::{
        DbResult, DiagnosisOptions,
        diagnosis::Findings,
        local::{Limits, LocalDatabase, look_at_addresses, look_at_name},
        supabase::{
            diagnose::{inside, tls},
            project::Project,
            proxy::Proxy,
        },
    },
    domain::{Action, Exam, FindingStatus},
};

/// What is examined.
#[derive(Debug, Clone, Copy)]
pub(in crate::adapter::supabase) struct Subject<'a> {
    pub(in crate::adapter::supabase) project: &'a Project,
    /// The project's database itself, where the way to it is configured.
    pub(in crate::adapter::supabase) direct: Option<&'a LocalDatabase>,
}

/// Examines and tells; the error is the one that a health check would meet.
pub(in crate::adapter::supabase) async fn diagnose(
    subject: Subject<'_>,
    options: DiagnosisOptions,
    findings: &Findings,
) -> DbResult<()> {
    let limits = Limits::start(subject.project.section().timeout);
    let ((), reached) = tokio::join!(
        // Boxed: what a handshake needs would make every future that may diagnose large.
        Box::pin(way(subject.project, limits, findings)),
        Box::pin(inside::look(subject, options, limits, findings)),
    );
    if reached.is_ok() {
        soften(findings);
    }
    reached
}

/// The way from outside: name, addresses, TLS, without a request. Where a
/// proxy stands before the project, name and address are the proxy's.
async fn way(project: &Project, limits: Limits, findings: &Findings) {
    // What is wrong with the choice of a proxy is the error of the requests.
    let proxy = Proxy::before(project, Action::HealthCheck).ok().flatten();
    let endpoint = match &proxy {
        Some(proxy) => proxy.endpoint(),
        None => project.endpoint().endpoint(),
    };
    let named = look_at_name(&endpoint, limits.entry()).await;
    findings.tell(named.finding);
    let mut connected = look_at_addresses(&endpoint, &named.addresses, limits).await;
    if let Some(proxy) = &proxy {
        let words = format!("the way goes through the proxy {}", proxy.shown());
        connected.finding.note(words);
    }
    findings.tell(connected.finding);
    let socket = connected.open.map(|(socket, _)| socket);
    findings.tell(tls::look(project, proxy.as_ref(), socket, limits).await);
}

/// The requests were answered: what was found wrong with the way did not end it.
fn soften(findings: &Findings) {
    for exam in [Exam::HostName, Exam::Tcp, Exam::Tls] {
        let Some(mut finding) = findings.of(exam) else {
            continue;
        };
        if finding.status == FindingStatus::Failed {
            finding.status = FindingStatus::Warning;
            finding.note("yet a request was answered");
            findings.tell(finding);
        }
    }
}
