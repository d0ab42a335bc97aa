//! What only a client with the key can see: asks as every client does. Knows
//! the order of things and no layer by itself.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    adapter::{
        DbResult, DiagnosisOptions,
        diagnosis::Findings,
        local::{Limits, PhaseClock},
        supabase::{
            diagnose::{Subject, behind, tables, write},
            look::{ask, service, sight, table},
            project::Project,
            silence,
            visit::Visit,
        },
    },
    domain::{
        Action, DbError, DegradedReason, ErrorKind, Exam, Finding, HealthDetails, HealthPolicy,
        Layer, RestDetails, less_than_expected,
    },
};

/// Requests of one row at most, the first one included.
const TRIPS: usize = 6;

/// Another service behind the same gateway, which needs no database.
const NEIGHBOUR: &str = "/auth/v1/health";

const ACTION: Action = Action::HealthCheck;

/// Asks and tells; an error is the one that a health check would meet.
pub(super) async fn look(
    subject: Subject<'_>,
    options: DiagnosisOptions,
    limits: Limits,
    findings: &Findings,
) -> DbResult<()> {
    let project = subject.project;
    let clock = PhaseClock::start(ACTION, limits.timeout());
    let mut first = Duration::ZERO;
    let entering = async {
        let mut visit = Visit::open(project, &clock).await?;
        clock.begin(crate::adapter::local::Phase::Query);
        let asking = ask(&mut visit, project, table(project), || first = clock.end());
        let answer = silence::watched(asking, project, &clock).await?;
        Ok((visit, answer))
    };
    let entered = clock.within(entering).await;
    let (mut visit, answer) = entered.inspect_err(|error| {
        // The service was there while its database was silent.
        if error.layer() == Layer::Database {
            findings.tell(gateway(project));
            findings.tell(rest(None));
        }
    })?;
    let service = service(project, &answer);
    let seen = match sight(answer, ACTION, project) {
        Ok(seen) => seen,
        Err(error) => {
            tell_who_answered(&mut visit, project, &error, limits, findings).await;
            return Err(error);
        }
    };
    findings.tell(gateway(project));
    findings.tell(rest(service.as_deref()).taking(first));
    let way = behind::look(subject, limits).await;
    let subject = Subject {
        direct: subject.direct.filter(|_| way.is_open()),
        ..subject
    };
    let mut seen = tables::see(&mut visit, subject, (seen, options), limits).await;
    seen.service = service;
    seen.direct_fault = way.fault();
    let reasons = reasons(project, &seen, &options.policy);
    findings.tell(behind::told(way, &seen, &reasons));
    findings.tell(tables::permission(project, &seen, &reasons));
    findings.tell(tables::schema(&seen, &options.policy));
    findings.tell(write::judge(&mut visit, subject, (&seen, options), limits).await);
    let latency = latency(&mut visit, project, first, &options.policy, limits).await?;
    findings.tell(latency);
    Ok(())
}

/// The gateway lets the key through.
fn gateway(project: &Project) -> Finding {
    let section = project.section();
    let kind = section.key_kind;
    let role = section.role.as_deref().unwrap_or("unknown");
    let words = format!("the gateway takes the key: {kind}, role {role}");
    let mut finding = Finding::ok(Exam::Login, words);
    finding.note(format!("the role is told: {}", kind.role_is_from()));
    finding.fact("key", kind.as_str());
    finding.fact("role", role);
    finding.fact("roleIsFrom", kind.role_is_from());
    finding
}

fn rest(service: Option<&str>) -> Finding {
    match service {
        Some(service) => Finding::ok(Exam::Rest, format!("the REST service answers: {service}")),
        None => Finding::ok(Exam::Rest, "the REST service answers"),
    }
}

/// The request of one row was refused: how far it came is told beside the error.
async fn tell_who_answered(
    visit: &mut Visit<'_>,
    project: &Project,
    error: &DbError,
    limits: Limits,
    findings: &Findings,
) {
    match error.layer() {
        Layer::OwnSide | Layer::HostName | Layer::Tcp | Layer::Tls | Layer::Login => {}
        // The gateway passes on that nobody is behind it, or made it up itself.
        Layer::Rest => {
            let neighbour = project.neighbour(NEIGHBOUR);
            let asking = visit.get(&neighbour, || {});
            let answered = timeout_at(limits.answers(), asking).await;
            let is_well = matches!(&answered, Ok(Ok(answer)) if answer.is_success());
            if is_well {
                let mut finding = gateway(project);
                finding.note(format!("{NEIGHBOUR} answers through the same gateway"));
                findings.tell(finding);
            }
        }
        Layer::Database | Layer::Permission | Layer::Schema | Layer::Statement => {
            findings.tell(gateway(project));
            findings.tell(rest(None));
        }
    }
}

/// What a health check would say of what was seen.
fn reasons(project: &Project, seen: &RestDetails, policy: &HealthPolicy) -> Vec<DegradedReason> {
    let details = HealthDetails {
        role: project.section().role.clone(),
        rest: Some(seen.clone()),
        ..HealthDetails::default()
    };
    less_than_expected(&details, policy)
}

/// Asks for one row until there are enough answers or the time is over.
async fn latency(
    visit: &mut Visit<'_>,
    project: &Project,
    first: Duration,
    policy: &HealthPolicy,
    limits: Limits,
) -> DbResult<Finding> {
    let mut times = vec![first];
    let connections = visit.connections();
    while times.len() < TRIPS {
        let began = Instant::now();
        let mut took = Duration::ZERO;
        let asking = ask(visit, project, table(project), || took = began.elapsed());
        match timeout_at(limits.last(), asking).await {
            // To open another connection is no part of a request.
            Ok(Ok(_)) if visit.connections() > connections => break,
            Ok(Ok(_)) => times.push(took),
            // Who ends a connection after some requests is not down.
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionLost => break,
            Ok(Err(error)) => return Err(error),
            Err(_) => break,
        }
    }
    times.sort();
    let median = times[times.len() / 2];
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let words = format!(
        "{} requests: min {:.2}, median {:.2}, max {:.2} ms to the first byte",
        times.len(),
        ms(times[0]),
        ms(median),
        ms(times[times.len() - 1])
    );
    let mut finding = Finding::ok(Exam::Latency, words).taking(median);
    finding.fact("medianMs", median);
    if median > policy.slow_threshold {
        let words = format!(
            "slow: {:.1} ms, above {:.0} ms",
            ms(median),
            ms(policy.slow_threshold)
        );
        finding.warn(&words);
        finding.next =
            Some("look at the network and the project's load; or raise slow_threshold".to_owned());
    }
    Ok(finding)
}
