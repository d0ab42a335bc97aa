//! Looks names up for the client as everywhere: few look-ups that hang, and an
//! error that can be told from all others. Knows no sockets.

use std::{error::Error, fmt, io, net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::adapter::local::look_up;

/// The client's way to the system's resolver.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver;

/// A name that has no address.
#[derive(Debug, Clone)]
pub(super) struct Unresolved(pub(super) Arc<io::Error>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let answer = look_up(name.as_str()).answer().await;
            let found = answer.map_err(Unresolved)?;
            if found.is_empty() {
                let none = io::Error::other("the name has no address");
                return Err(Unresolved(Arc::new(none)).into());
            }
            let addresses: Vec<_> = found.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the name is unknown, or the name server does not answer: {}",
            self.0
        )
    }
}

impl Error for Unresolved {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
