//! The way from outside: name, addresses, TLS, without a login. Knows nothing
//! of what happens behind the login.

use std::net::SocketAddr;

use crate::{
    adapter::{
        diagnosis::Findings,
        local::{
            diagnose::{
                examine::Limits,
                name, tcp,
                tls::{self, Offer},
            },
            target::Target,
        },
    },
    domain::{Exam, FindingStatus},
};

/// What the login may need to know of the way.
#[derive(Debug)]
pub(super) struct Seen {
    /// An address that answered.
    pub(super) address: Option<SocketAddr>,
    /// What the server said when it was asked for TLS.
    pub(super) offer: Offer,
}

/// Looks at the way and tells each part as soon as it is known.
pub(super) async fn look(target: &Target, limits: Limits, findings: &Findings) -> Seen {
    let endpoint = &target.section().endpoint;
    let named = name::look(endpoint, limits.entry()).await;
    findings.tell(named.finding);
    let connected = tcp::look(endpoint, &named.addresses, limits).await;
    findings.tell(connected.finding);
    let (socket, address) = match connected.open {
        Some((socket, address)) => (Some(socket), address),
        None => (None, None),
    };
    let shown = tls::look(target, socket, limits).await;
    findings.tell(shown.finding);
    Seen {
        address,
        offer: shown.offer,
    }
}

/// The login succeeded: what was found wrong with the way did not end it.
pub(super) fn soften(findings: &Findings) {
    for exam in [Exam::HostName, Exam::Tcp, Exam::Tls] {
        let Some(mut finding) = findings.of(exam) else {
            continue;
        };
        if finding.status == FindingStatus::Failed {
            finding.status = FindingStatus::Warning;
            finding.note("yet a login went through");
            findings.tell(finding);
        }
    }
}
