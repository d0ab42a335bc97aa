//! The name of a target that must not be written to by accident. Knows nothing
//! of what is to be written.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use crate::{config::Config, domain::clean};

/// So much of an answer is read.
const LONGEST: u64 = 4 << 10;

/// Whether a target may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// The environment is no production, or the target was named.
    Given,
    /// The target must be named first.
    Needed,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unconfirmed {
    /// In words.
    pub(super) words: String,
    /// What to do.
    pub(super) next: String,
}

/// What is known before anything is asked. `named`: `--target`.
pub(super) fn permission(config: &Config, named: Option<&str>) -> Result<Permission, Unconfirmed> {
    let target = config.written().to_string();
    match named {
        Some(name) if name == target => Ok(Permission::Given),
        Some(name) => Err(Unconfirmed {
            words: another(config, name),
            next: "look at 'dbvitals config show'".to_owned(),
        }),
        None if config.provenance.is_production() => Ok(Permission::Needed),
        None => Ok(Permission::Given),
    }
}

/// That another target was named, and which one would be right.
pub(super) fn another(config: &Config, name: &str) -> String {
    let target = config.written();
    if config.direct.is_some() && name == config.target.to_string() {
        return format!(
            "--target names the address that is watched; what writes goes to the database of \
             database_url, {target}"
        );
    }
    format!("--target names another target than the configured one, {target}")
}

/// Asks for the target's name on the terminal; `what` is to be done there. Waits
/// for the answer.
pub(super) fn ask(config: &Config, what: &str) -> Result<(), Unconfirmed> {
    let target = config.written().to_string();
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Unconfirmed {
            words: "the environment is production, and there is no terminal to ask at: nothing \
                    was written"
                .to_owned(),
            next: format!("--target {target} does it there"),
        });
    }
    match typed(&target, what) {
        Ok(true) => Ok(()),
        // An answer that cannot be read is none.
        Ok(false) | Err(_) => Err(Unconfirmed {
            words: "the target's name was not typed: nothing was written".to_owned(),
            next: format!("type {target} when asked for, or give --target {target}"),
        }),
    }
}

fn typed(target: &str, what: &str) -> io::Result<bool> {
    write!(
        io::stderr(),
        "The environment is production. Type the target's name, {}, to {what}: ",
        clean(target)
    )?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut answer)?;
    Ok(answer.trim() == target)
}
