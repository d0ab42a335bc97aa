//! Builds the program that is to be seen, and finds it. It must not know what
//! is done with it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Builds `dbvitals` as a release and gives its path.
///
/// # Errors
/// When it cannot be built or is not where it should be.
pub(crate) fn build() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--bin", "dbvitals"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !status.success() {
        return Err(format!("dbvitals could not be built: {status}").into());
    }
    // This program is TARGET/PROFILE/examples/screenshots.
    let own = env::current_exe()?;
    let program = own
        .ancestors()
        .nth(3)
        .map(|target| target.join("release").join("dbvitals"))
        .filter(|program| Path::is_file(program));
    program.ok_or_else(|| format!("there is no release/dbvitals beside {}", own.display()).into())
}
