//! TLS from outside: what the certificate says, and whether it is accepted.
//! Knows nothing of requests.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;

use crate::{
    adapter::{
        DbResult,
        classify::from_io,
        local::{Limits, Socket, describe, judge_system, timeout_error, trusting_system_tls},
        supabase::{failure::with_next_step, project::Project, proxy::Proxy, visit::tls_words},
    },
    domain::{Action, DbError, ErrorKind, Exam, Finding, Layer},
};

/// A certificate that ends sooner than this is worth a warning.
const SOON: Duration = Duration::from_hours(14 * 24);

const ACTION: Action = Action::HealthCheck;

/// What the handshake showed.
struct Shown {
    words: String,
    chain: Vec<CertificateDer<'static>>,
}

/// Shakes hands on a socket of its own, believing whatever is shown, and then
/// judges it.
pub(super) async fn look(
    project: &Project,
    proxy: Option<&Proxy>,
    socket: Option<Socket>,
    limits: Limits,
) -> Finding {
    if !project.endpoint().is_encrypted {
        return plain(project);
    }
    let Some(socket) = socket else {
        return Finding::skipped(Exam::Tls, "not reached: no address answers");
    };
    let began = Instant::now();
    let asking = async {
        match proxy {
            Some(proxy) => {
                // It ends before the whole time does, so that the proxy is named.
                let left = limits.handshake().saturating_duration_since(began);
                let opening = proxy.open(socket, project, ACTION);
                let opened = timeout(left * 9 / 10, opening).await;
                let tunnel = opened.unwrap_or_else(|elapsed| {
                    let silent = timeout_error(ACTION, limits.timeout()).with_source(elapsed);
                    Err(proxy.silent(silent))
                })?;
                let asked = ask(project, tunnel).await;
                asked.map_err(|error| proxy.blame_within(with_next_step(error, project)))
            }
            None => ask(project, socket)
                .await
                .map_err(|error| with_next_step(error, project)),
        }
    };
    let asked = timeout_at(limits.handshake(), asking).await;
    let asked = asked.unwrap_or_else(|_| {
        Err(timeout_error(ACTION, limits.timeout())
            .at_layer(Layer::Tls)
            .with_details("the TLS handshake was begun and not finished"))
    });
    let finding = match asked {
        Ok(shown) => judge(project, shown).await,
        Err(error) => Finding::failed(Exam::Tls, error),
    };
    finding.taking(began.elapsed())
}

fn plain(project: &Project) -> Finding {
    if project.is_near() {
        return Finding::ok(Exam::Tls, "not used: it does not leave this machine");
    }
    let mut finding = Finding::warning(
        Exam::Tls,
        "not used: key and data travel in plain text to another machine",
    );
    finding.next = Some("use https:// in supabase_url".to_owned());
    finding
}

async fn ask<W>(project: &Project, wire: W) -> DbResult<Shown>
where
    W: AsyncRead + AsyncWrite + Unpin,
{
    let config = trusting_system_tls(ACTION).await?;
    let host = project.endpoint().host.clone();
    let name = ServerName::try_from(host).map_err(|error| {
        DbError::new(ACTION, ErrorKind::OwnSide)
            .at_layer(Layer::Tls)
            .with_details("no certificate can be for the host's name")
            .with_source(error)
    })?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, wire)
        .await
        .map_err(|error| from_io(error, ACTION).at_layer(Layer::Tls))?;
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().unwrap_or_default();
    Ok(Shown {
        words: tls_words(&stream),
        chain: chain
            .iter()
            .cloned()
            .map(CertificateDer::into_owned)
            .collect(),
    })
}

async fn judge(project: &Project, shown: Shown) -> Finding {
    let host = project.endpoint().host.clone();
    let described = shown.chain.first().and_then(describe);
    let judged = match judge_system(shown.chain, host).await {
        Ok(judged) => judged,
        Err(error) => return Finding::failed(Exam::Tls, error),
    };
    let mut finding = match judged {
        Ok(()) => Finding::ok(Exam::Tls, format!("{}, certificate accepted", shown.words)),
        Err(words) => {
            let error = DbError::new(ACTION, ErrorKind::TlsCertificate).with_details(&words);
            Finding::failed(Exam::Tls, with_next_step(error, project))
        }
    };
    finding.fact("protocol", shown.words);
    let Some(described) = described else {
        return finding;
    };
    finding.note(format!(
        "certificate for {}, by {}, until {}",
        described.subject, described.issuer, described.expires
    ));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let left = described.not_after.checked_sub(now.unwrap_or_default());
    if left.is_some_and(|left| left < SOON) {
        finding.warn(&format!("the certificate ends soon: {}", described.expires));
    }
    finding.fact("subject", described.subject);
    finding.fact("issuer", described.issuer);
    finding.fact("expires", described.expires);
    finding
}
