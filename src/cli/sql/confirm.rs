//! The name of a target that must not be written to by accident. Knows nothing
//! of what is to be written.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use tokio::sync::oneshot;

use crate::{cli::confirm::another, config::Config, domain::clean};

/// So much of an answer is read.
const LONGEST: u64 = 4 << 10;

/// Whether a statement may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// The environment is no production, or the target was named.
    Given,
    /// Its target must be named first.
    Needed,
}

/// What is known before anything is asked.
///
/// # Errors
/// In words: another target was named than the one that is configured.
pub(super) fn permission(config: &Config, named: Option<&str>) -> Result<Permission, String> {
    let target = config.written().to_string();
    match named {
        Some(name) if name == target => Ok(Permission::Given),
        Some(name) => Err(another(config, name)),
        None if config.provenance.is_production() => Ok(Permission::Needed),
        None => Ok(Permission::Given),
    }
}

/// Whether there is somebody to ask.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for the target's name, on a thread of its own: whoever waits may hear a
/// signal first. True when it was typed.
pub(super) async fn ask(config: &Config) -> bool {
    let target = config.written().to_string();
    let (tell, told) = oneshot::channel();
    let asking = std::thread::Builder::new()
        .name("question".to_owned())
        .spawn(move || {
            // Nobody waits for the answer any more when this fails.
            tell.send(typed(&target).unwrap_or(false)).ok();
        });
    match asking {
        Ok(_) => told.await.unwrap_or(false),
        Err(error) => {
            tracing::debug!(%error, "nothing can be asked");
            false
        }
    }
}

fn typed(target: &str) -> io::Result<bool> {
    write!(
        io::stderr(),
        "This statement writes, and the environment is production.\n\
         Type the target's name, {}, to run it: ",
        clean(target)
    )?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut answer)?;
    Ok(answer.trim() == target)
}
