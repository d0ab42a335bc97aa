//! Every address by itself, all at the same time; or the socket's file. Knows
//! nothing of what is said once it answers.

use std::{net::SocketAddr, path::Path, time::Duration};

use futures::future::join_all;
use tokio::{
    net::{TcpStream, UnixStream},
    time::{Instant, timeout_at},
};

use crate::{
    adapter::{
        classify::from_io,
        local::{diagnose::examine::Limits, phase_clock::timeout_error, socket::Socket},
    },
    config::Endpoint,
    domain::{Action, DbError, ErrorKind, Exam, Finding, Layer, clean},
};

/// What answered, and what is told of it.
pub(in crate::adapter) struct Looked {
    pub(in crate::adapter) finding: Finding,
    pub(in crate::adapter) open: Option<(Socket, Option<SocketAddr>)>,
}

/// What became of one address.
struct Tried {
    address: SocketAddr,
    took: Duration,
    stream: Result<TcpStream, DbError>,
}

/// Connects to everything that there is.
pub(in crate::adapter) async fn look(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    limits: Limits,
) -> Looked {
    if let Endpoint::Unix { folder, port } = endpoint {
        return unix(&folder.join(format!(".s.PGSQL.{port}")), limits).await;
    }
    if addresses.is_empty() {
        return Looked {
            finding: Finding::skipped(Exam::Tcp, "there is no address"),
            open: None,
        };
    }
    let tried = addresses.iter().map(|address| tcp(*address, limits));
    told(join_all(tried).await)
}

async fn unix(path: &Path, limits: Limits) -> Looked {
    let began = Instant::now();
    let shown = clean(&path.display().to_string()).into_owned();
    let connecting = timeout_at(limits.entry(), UnixStream::connect(path));
    let (mut finding, open) = match connecting.await {
        Ok(Ok(stream)) => {
            let words = format!("{shown} answers");
            let open: (Socket, _) = (Box::new(stream), None);
            (Finding::ok(Exam::Tcp, words), Some(open))
        }
        Ok(Err(error)) => {
            let error = from_io(error, Action::HealthCheck).at_layer(Layer::Tcp);
            (Finding::failed(Exam::Tcp, error), None)
        }
        Err(_) => {
            let error = silence(limits.timeout());
            (Finding::failed(Exam::Tcp, error), None)
        }
    };
    finding.fact("socketFile", shown);
    finding.fact("socketFileExists", path.exists());
    Looked {
        finding: finding.taking(began.elapsed()),
        open,
    }
}

async fn tcp(address: SocketAddr, limits: Limits) -> Tried {
    let began = Instant::now();
    let stream = match timeout_at(limits.entry(), TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(from_io(error, Action::HealthCheck)),
        Err(_) => Err(silence(limits.timeout())),
    };
    Tried {
        address,
        took: began.elapsed(),
        stream,
    }
}

fn silence(limit: Duration) -> DbError {
    timeout_error(Action::HealthCheck, limit)
        .at_layer(Layer::Tcp)
        .with_details("the address did not answer")
}

fn told(tried: Vec<Tried>) -> Looked {
    let all = tried.len();
    let answered = tried.iter().filter(|tried| tried.stream.is_ok()).count();
    let lines: Vec<_> = tried.iter().map(Tried::words).collect();
    let took = tried.iter().map(|tried| tried.took).max();
    let mut open: Option<(Socket, Option<SocketAddr>)> = None;
    let mut from = None;
    let mut error = None;
    for one in tried {
        match one.stream {
            Ok(stream) if open.is_none() => {
                from = stream.local_addr().ok();
                open = Some((Box::new(stream), Some(one.address)));
            }
            Ok(_) => {}
            Err(failed) => error = error.or(Some(failed)),
        }
    }
    let is_silent = tried_in_vain(answered, error.as_ref());
    let mut finding = match error {
        Some(error) if answered == 0 => Finding::failed(Exam::Tcp, error),
        Some(error) => Finding::warning(
            Exam::Tcp,
            format!("{answered} of {all} addresses answer: {}", lines.join(", ")),
        )
        .because(error),
        None => Finding::ok(Exam::Tcp, lines.join(", ")),
    };
    if answered < all && answered > 0 {
        finding.next = Some(
            "start the server at the addresses that do not answer, or take them out of the name"
                .to_owned(),
        );
    }
    if is_silent {
        finding.next = Some(
            "look at firewalls, routes and the server's machine: nothing came back from there"
                .to_owned(),
        );
    }
    if all > 1 || answered == 0 {
        finding.notes.clone_from(&lines);
    }
    finding.fact("addresses", lines);
    if let Some(from) = from {
        finding.fact("from", from.ip().to_string());
    }
    finding.took = took;
    Looked { finding, open }
}

/// No address answered, not even to refuse.
fn tried_in_vain(answered: usize, error: Option<&DbError>) -> bool {
    let is_timeout = error.is_some_and(|error| matches!(error.kind(), ErrorKind::Timeout { .. }));
    answered == 0 && is_timeout
}

impl Tried {
    fn words(&self) -> String {
        let outcome = match &self.stream {
            Ok(_) => "answers",
            Err(error) => match error.kind() {
                ErrorKind::ConnectionRefused => "refused",
                ErrorKind::Timeout { .. } => "timed out",
                ErrorKind::HostUnreachable => "unreachable",
                ErrorKind::ConnectionForbidden => "forbidden by this machine",
                kind => kind.name(),
            },
        };
        format!("{} {outcome} ({} ms)", self.address, self.took.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FindingStatus;

    async fn at(addresses: &[SocketAddr]) -> Looked {
        let endpoint = Endpoint::Tcp {
            host: "db".to_owned(),
            hostaddr: None,
            port: 5432,
        };
        look(&endpoint, addresses, Limits::start(Duration::from_secs(5))).await
    }

    #[tokio::test]
    async fn every_address_is_told_of() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let bad = SocketAddr::new("127.0.0.2".parse().unwrap(), good.port());
        let looked = at(&[bad, good]).await;
        assert_eq!(looked.finding.status, FindingStatus::Warning);
        assert!(looked.finding.notes[0].starts_with(&format!("{bad} refused")));
        assert!(looked.finding.notes[1].starts_with(&format!("{good} answers")));
        assert_eq!(looked.open.unwrap().1, Some(good));
        let looked = at(&[bad]).await;
        assert_eq!(looked.finding.status, FindingStatus::Failed);
        let error = looked.finding.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn a_socket_that_is_not_there_is_told_by_its_file() {
        let endpoint = Endpoint::Unix {
            folder: "/nonexistent".into(),
            port: 5432,
        };
        let looked = look(&endpoint, &[], Limits::start(Duration::from_secs(5))).await;
        assert_eq!(looked.finding.status, FindingStatus::Failed);
        assert!(looked.open.is_none());
    }
}
