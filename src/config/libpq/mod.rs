//! What libpq understands: connection URLs, `PG*` variables, the service file
//! and the password file, with libpq's precedence. Knows nothing of our keys.

mod compose;
mod defaults;
mod endpoint;
mod environment;
mod params;
mod passfile;
mod resolve;
mod service;
mod tls;
mod url;

pub(super) use compose::{holds_password, redact};
pub(super) use environment::address_variable;
pub(super) use resolve::{Resolved, resolve};
pub(super) use url::parse_url;
