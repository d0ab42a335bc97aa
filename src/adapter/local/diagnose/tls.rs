//! TLS from outside: what is offered, what the certificate says, and what each
//! `sslmode` would come to. Knows nothing of logins.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::pki_types::{CertificateDer, ServerName};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    adapter::{
        DbResult,
        classify::from_io,
        local::{
            diagnose::{
                certificate::describe,
                examine::Limits,
                sslmodes::{
                    Known, MODES, Outcome, advice, by_outcome, mode_name, or_another_mode, outcome,
                },
            },
            phase_clock::timeout_error,
            socket::Socket,
            target::Target,
            tls::{ask_for_tls, judge_chain, trusting_config},
        },
    },
    config::{Endpoint, RootCertificates, SslMode},
    domain::{Action, DbError, ErrorKind, Exam, Finding, FindingStatus, Layer, excerpt},
};

/// A certificate that ends sooner than this is worth a warning.
const SOON: Duration = Duration::from_hours(14 * 24);

/// What was seen, and what is told of it.
pub(super) struct Looked {
    pub(super) finding: Finding,
    pub(super) offer: Offer,
}

/// What the server said when it was asked for TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// It was not asked, or did not answer.
    Unknown,
    /// It has none.
    None,
    /// It has.
    Offered,
}

/// What the handshake showed.
struct Shown {
    protocol: String,
    cipher: String,
    chain: Vec<CertificateDer<'static>>,
}

/// Asks on a socket of its own, whatever the mode: the answer says what
/// another mode would do.
pub(super) async fn look(target: &Target, socket: Option<Socket>, limits: Limits) -> Looked {
    let looked = |finding, offer| Looked { finding, offer };
    if matches!(target.section().endpoint, Endpoint::Unix { .. }) {
        let words = "not used over a Unix socket";
        return looked(Finding::ok(Exam::Tls, words), Offer::Unknown);
    }
    let Some(socket) = socket else {
        let words = "not reached: no address answers";
        return looked(Finding::skipped(Exam::Tls, words), Offer::Unknown);
    };
    let began = Instant::now();
    let asked = timeout_at(limits.handshake(), ask(target, socket)).await;
    let asked = asked.unwrap_or_else(|_| {
        Err(timeout_error(Action::HealthCheck, limits.timeout())
            .at_layer(Layer::Tls)
            .with_details("the connection was accepted, and nothing was answered"))
    });
    let took = began.elapsed();
    match asked {
        Err(error) => {
            let mut finding = Finding::failed(Exam::Tls, error);
            finding.fact("sslmode", mode_name(target.tls_mode()));
            looked(finding.taking(took), Offer::Unknown)
        }
        Ok(None) => {
            let finding = told(target, &Known::Refused, None);
            looked(finding.taking(took), Offer::None)
        }
        Ok(Some((shown, known))) => {
            let finding = told(target, &known, Some(&shown));
            looked(finding.taking(took), Offer::Offered)
        }
    }
}

async fn ask(target: &Target, mut socket: Socket) -> DbResult<Option<(Shown, Known)>> {
    let action = Action::HealthCheck;
    match ask_for_tls(&mut socket, action).await? {
        b'S' => {}
        b'N' => return Ok(None),
        other => {
            let words = format!("the answer to a request for TLS was byte 0x{other:02x}");
            return Err(DbError::new(action, ErrorKind::ProtocolViolation)
                .at_layer(Layer::Tls)
                .with_details(&words));
        }
    }
    let stream = handshake(target, socket).await?;
    let (_, session) = stream.get_ref();
    let text = |said: Option<String>| said.unwrap_or_else(|| "unknown".to_owned());
    let shown = Shown {
        protocol: text(session.protocol_version().map(|version| named(&version))),
        cipher: text(
            session
                .negotiated_cipher_suite()
                .map(|suite| named(&suite.suite())),
        ),
        chain: session
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|certificate| certificate.clone().into_owned())
            .collect(),
    };
    let known = judged(target, &shown).await;
    Ok(Some((shown, known)))
}

/// A handshake that believes everybody: what is shown is judged afterwards.
pub(super) async fn handshake(target: &Target, socket: Socket) -> DbResult<TlsStream<Socket>> {
    let action = Action::HealthCheck;
    let config = trusting_config(&target.section().tls, action).await?;
    let name = ServerName::try_from(target.host().to_owned()).map_err(|error| {
        DbError::new(action, ErrorKind::TlsCertificate)
            .with_details("the host is no name that a certificate could be for")
            .with_source(error)
    })?;
    let connector = TlsConnector::from(Arc::new(config));
    let connecting = connector.connect(name, socket).await;
    connecting.map_err(|error| from_io(error, action).at_layer(Layer::Tls))
}

fn named(value: &impl fmt::Debug) -> String {
    excerpt(&format!("{value:?}"))
}

async fn judged(target: &Target, shown: &Shown) -> Known {
    let tls = &target.section().tls;
    let judged = judge_chain(tls, shown.chain.clone(), target.host().to_owned()).await;
    let has_roots_file = matches!(tls.roots, RootCertificates::File(_));
    match judged {
        Ok(judged) => Known::Shown {
            authority: judged.authority,
            name: judged.name,
            has_roots_file,
        },
        Err(error) => {
            let why = error.details().unwrap_or("it was not judged").to_owned();
            Known::Shown {
                authority: Err(why.clone()),
                name: Err(why),
                has_roots_file,
            }
        }
    }
}

fn told(target: &Target, known: &Known, shown: Option<&Shown>) -> Finding {
    let mode = target.tls_mode();
    let outcomes = MODES.map(|mode| (mode, outcome(known, mode)));
    let mut finding = verdict(mode, known, shown);
    finding.note(format!("by sslmode: {}", by_outcome(known)));
    finding.fact("sslmode", mode_name(mode));
    finding.fact("offered", shown.is_some());
    for (mode, outcome) in &outcomes {
        finding.fact(fact_name(*mode), outcome.words());
    }
    if let Some(shown) = shown {
        describe_shown(&mut finding, known, shown);
    }
    finding
}

fn verdict(mode: SslMode, known: &Known, shown: Option<&Shown>) -> Finding {
    let version = shown.map_or("none", |shown| shown.protocol.as_str());
    let action = Action::HealthCheck;
    match (outcome(known, mode), known) {
        (Outcome::Stopped(_), Known::Refused) => {
            let error = DbError::new(action, ErrorKind::TlsRefused);
            let mut finding = Finding::failed(Exam::Tls, error);
            finding.next = Some(advice(known));
            finding
        }
        (Outcome::Stopped(why), Known::Shown { .. }) => {
            let error = DbError::new(action, ErrorKind::TlsCertificate).with_details(&why);
            let mut finding = Finding::failed(Exam::Tls, error);
            finding.next = Some(advice(known));
            finding
        }
        (Outcome::Plain, Known::Refused) => {
            Finding::ok(Exam::Tls, "plain text: the server offers no TLS")
        }
        (Outcome::Plain, Known::Shown { .. }) => Finding::ok(
            Exam::Tls,
            format!("plain text by sslmode=disable; the server offers {version}"),
        ),
        (Outcome::Unverified, _) => Finding::ok(
            Exam::Tls,
            format!(
                "{version}, certificate not checked (sslmode={})",
                mode_name(mode)
            ),
        ),
        (Outcome::Verified, _) => Finding::ok(
            Exam::Tls,
            format!(
                "{version}, certificate checked (sslmode={})",
                mode_name(mode)
            ),
        ),
    }
}

fn describe_shown(finding: &mut Finding, known: &Known, shown: &Shown) {
    finding.fact("protocol", shown.protocol.clone());
    finding.fact("cipher", shown.cipher.clone());
    let Some(described) = shown.chain.first().and_then(describe) else {
        finding.note("the certificate cannot be read");
        return;
    };
    finding.note(format!(
        "certificate of {}, by {}, valid until {}",
        described.subject, described.issuer, described.expires
    ));
    finding.fact("subject", described.subject);
    finding.fact("issuer", described.issuer);
    finding.fact("validUntil", described.expires.clone());
    // A clock before the epoch makes everything look valid for long.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let left = described.not_after.checked_sub(now.unwrap_or_default());
    match left {
        Some(left) if left > SOON => {}
        Some(left) => {
            let days = left.as_secs() / 86_400;
            finding.warn(&format!("the certificate ends in {days} days"));
            finding.next = Some("renew the server's certificate".to_owned());
        }
        None => {
            finding.warn(&format!("the certificate ended on {}", described.expires));
            let renew = "renew the server's certificate";
            finding.next = Some(match finding.status {
                FindingStatus::Failed => or_another_mode(renew, known),
                FindingStatus::Ok | FindingStatus::Warning | FindingStatus::Skipped => {
                    renew.to_owned()
                }
            });
        }
    }
}

const fn fact_name(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "wouldDisable",
        SslMode::Prefer => "wouldPrefer",
        SslMode::Require => "wouldRequire",
        SslMode::VerifyCa => "wouldVerifyCa",
        SslMode::VerifyFull => "wouldVerifyFull",
    }
}
