//! The stand-in's program, built when it is first asked for. It must not know
//! how the program is started.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The variables that cargo gives to a test: with them the build scripts of
/// some dependencies would run anew, as they watch them.
const OF_THE_TEST: [&str; 8] = [
    "CARGO",
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
    "CARGO_TARGET_TMPDIR",
    "RUST_RECURSION_COUNT",
];

/// The program's path. The first call of a test run builds it: some two
/// minutes when nothing is compiled yet, else a fraction of a second. Other
/// processes wait meanwhile, as cargo locks the folder.
pub(crate) fn program() -> &'static Path {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match BUILT.get_or_init(build) {
        Ok(path) => path,
        Err(words) => panic!("the stand-in for Supabase cannot be built: {words}"),
    }
}

fn build() -> Result<PathBuf, String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/standin/Cargo.toml");
    let target = target_folder();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if OF_THE_TEST
            .iter()
            .any(|start| match start.strip_suffix('_') {
                Some(_) => name.starts_with(start),
                None => name == *start,
            })
        {
            command.env_remove(name.as_ref());
        }
    }
    let output = command
        .args(["build", "--locked", "--quiet", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo build of {} ended with {}: {}",
            manifest.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(target.join("debug/standin"))
}

/// Under the product's own target folder, which programs that are no tests
/// have to guess.
fn target_folder() -> PathBuf {
    if let Some(temporary) = option_env!("CARGO_TARGET_TMPDIR") {
        return Path::new(temporary).join("standin");
    }
    let chosen = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = chosen.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"));
    target.join("tmp/standin")
}
