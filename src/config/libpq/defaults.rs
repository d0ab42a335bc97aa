//! What libpq takes where nothing is said. Knows nothing of the sources.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::config::{Env, Origin, environment};

/// The port.
pub(super) const PORT: u16 = 5432;

/// Socket folders: the packaged one, and that of a PostgreSQL built with its
/// own defaults.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The folder for a socket when no host is named.
pub(super) fn socket_folder(exists: impl Fn(&Path) -> bool) -> PathBuf {
    let [packaged, plain] = SOCKET_FOLDERS.map(PathBuf::from);
    if exists(&packaged) { packaged } else { plain }
}

/// Whether this is one of the folders taken by default.
pub(super) fn is_socket_folder(folder: &Path) -> bool {
    SOCKET_FOLDERS
        .iter()
        .any(|known| folder == Path::new(known))
}

/// The name of the user at the operating system.
///
/// # Errors
/// When no variable is set and the system does not know it either.
pub(super) fn user(env: &dyn Env) -> io::Result<(String, Origin)> {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| {
        let value = environment::text(env, name).ok()??;
        Some((
            value.expose().to_owned(),
            Origin::Environment(name.to_owned()),
        ))
    });
    match named {
        Some(named) => Ok(named),
        None => Ok((env.account()?, Origin::Derived("the user of this process"))),
    }
}

/// A file in libpq's folder for certificates, if it exists.
pub(super) fn certificate_file(env: &dyn Env, name: &str) -> Option<PathBuf> {
    let path = environment::home(env)?.join(".postgresql").join(name);
    path.exists().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packaged_socket_folder_is_taken_where_it_exists() {
        assert_eq!(socket_folder(|_| true), Path::new("/var/run/postgresql"));
        assert_eq!(socket_folder(|_| false), Path::new("/tmp"));
    }
}
