//! The test bed itself, tried on real servers, sockets and terminals. What
//! these tests show, the others may rely on.

mod answers;
mod clusters;
mod endings;
mod faults;
mod networks;
#[path = "../../examples/screenshots/picture/mod.rs"]
mod picture;
mod pictures;
mod standins;
#[path = "../support/mod.rs"]
mod support;
mod terminals;

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Client, Error, NoTls};

/// Longer than anything takes that is going to happen.
const LIMIT: Duration = Duration::from_secs(20);

/// Long enough for a healthy server on this machine, short enough to wait for in vain.
const SILENCE: Duration = Duration::from_millis(500);

/// Logs in, and lets the connection run by itself.
async fn login(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The SQLSTATE with which a login is refused.
#[track_caller]
fn code_of<T>(refused: Result<T, Error>) -> String {
    let error = refused.err().expect("the login is refused");
    let code = error.code().expect("the server says why");
    code.code().to_owned()
}

/// Whether a login gets no answer at all.
async fn is_silent(url: &str) -> bool {
    timeout(SILENCE, login(url)).await.is_err()
}
