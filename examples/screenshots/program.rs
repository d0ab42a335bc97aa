//! Builds the program that is to be seen, and finds it. It must not know what
//! is done with it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Builds `dbvitals` in the profile that this program was built in, and gives
/// its path.
///
/// # Errors
/// When it cannot be built or is not where it should be.
pub(crate) fn build() -> Result<PathBuf, Box<dyn std::error::Error>> {
    // This program is TARGET/PROFILE/examples/screenshots.
    let own = env::current_exe()?;
    let folder = own.ancestors().nth(2).ok_or("this program has no folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        // The folder has another name than its profile.
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--locked", "--bin", "dbvitals", "--profile"])
        .arg(profile)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !status.success() {
        return Err(format!("dbvitals could not be built: {status}").into());
    }
    let program = folder.join("dbvitals");
    if Path::is_file(&program) {
        return Ok(program);
    }
    Err(format!("there is no {}", program.display()).into())
}
