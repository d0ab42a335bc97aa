//! The configuration file: which one it is, and its text. Knows nothing of
//! the keys in it.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::config::{Complaint, Complaints, Origin, Sources, plain_file, shown::shown};

/// The variable that names the file.
pub(crate) const FILE_VARIABLE: &str = "DBVITALS_CONFIG";

/// A file that was read.
pub(crate) struct FileText {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its name in origins: as it was named, or as short as it is clear.
    pub(crate) label: Arc<str>,
    /// What it holds.
    pub(crate) text: String,
    /// Others than its owner may read it.
    pub(crate) is_open_to_others: bool,
}

/// Finds and reads the file: `--config`, else `$DBVITALS_CONFIG`, else
/// `./config.toml`, else `$XDG_CONFIG_HOME/dbvitals/config.toml`.
///
/// `Ok(None)` when none was named and none was found.
///
/// # Errors
/// A complaint when a file that was named or found cannot be read.
pub(crate) fn read(sources: &Sources<'_>) -> Result<Option<FileText>, Complaint> {
    if let Some(path) = &sources.flags.config {
        let origin = Origin::Flag("--config".to_owned());
        return read_named(sources, path, &origin).map(Some);
    }
    if let Some(path) = super::environment::path(sources.env, FILE_VARIABLE) {
        let origin = Origin::Environment(FILE_VARIABLE.to_owned());
        return read_named(sources, &path, &origin).map(Some);
    }
    let local = sources.cwd.join("config.toml");
    if local.exists() {
        let origin = Origin::Derived("found in the working directory");
        return read_file(&local, "config.toml", &origin).map(Some);
    }
    let Some(personal) = personal_file(sources).filter(|path| path.exists()) else {
        return Ok(None);
    };
    let label = personal.display().to_string();
    let origin = Origin::Derived("found in the configuration folder");
    read_file(&personal, &label, &origin).map(Some)
}

/// Complains when a file holds a secret and others may read it.
pub(crate) fn warn_if_open(file: &FileText, holds_secret: bool) -> Option<String> {
    (holds_secret && file.is_open_to_others).then(|| {
        format!(
            "{} holds a password or key and other users may read it: chmod 600 {}",
            shown(&file.label),
            shown(&file.path.display().to_string())
        )
    })
}

/// The values of a file that cannot be read are unknown, so that nothing can
/// be said about what is missing.
pub(crate) fn is_unknown(complaints: &Complaints) -> bool {
    complaints.concern(FILE_KEY)
}

/// The key that complaints about the file as a whole carry.
pub(crate) const FILE_KEY: &str = "config file";

fn personal_file(sources: &Sources<'_>) -> Option<PathBuf> {
    let folder = super::environment::path(sources.env, "XDG_CONFIG_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| Some(super::environment::home(sources.env)?.join(".config")))?;
    Some(folder.join("dbvitals").join("config.toml"))
}

fn read_named(sources: &Sources<'_>, path: &Path, origin: &Origin) -> Result<FileText, Complaint> {
    let label = path.display().to_string();
    read_file(&sources.cwd.join(path), &label, origin)
}

fn read_file(path: &Path, label: &str, origin: &Origin) -> Result<FileText, Complaint> {
    let (text, metadata) = plain_file::read_text(path).map_err(|error| {
        Complaint::new(FILE_KEY, format!("cannot be read: {error}"), origin.clone())
            .with_value(label)
    })?;
    Ok(FileText {
        path: path.to_owned(),
        label: label.into(),
        text,
        is_open_to_others: metadata.permissions().mode() & 0o077 != 0,
    })
}
