//! libpq's password file. Knows nothing of the other sources of a password.

use std::{fs, io, os::unix::fs::PermissionsExt, path::PathBuf};

use super::params::{Param, Params};
use crate::{
    config::{Endpoint, Env, Origin, environment, libpq::defaults, plain_file, shown::shown},
    domain::Secret,
};

/// What a line of the file must match.
pub(super) struct Login<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// What the file gave.
#[derive(Default)]
pub(super) struct Found {
    pub(super) password: Option<(Secret, Origin)>,
    /// Why the file was not used although it exists.
    pub(super) warning: Option<String>,
}

/// Looks for the password in `passfile`, else in `~/.pgpass`. As in libpq a
/// missing file is nothing to speak of, and one that others may read is not used.
pub(super) fn look_up(params: &Params, env: &dyn Env, login: &Login<'_>) -> Found {
    let Some((path, label)) = file(params, env) else {
        return Found::default();
    };
    let warn = |words: String| Found {
        warning: Some(format!("{} is not used: {words}", shown(&label))),
        ..Found::default()
    };
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::default(),
        Err(error) => return warn(error.to_string()),
        Ok(found) if !found.is_file() => return warn("it is no plain file".to_owned()),
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            return warn("other users may read it; its mode must be 600 or less".to_owned());
        }
        Ok(_) => {}
    }
    let bytes = match plain_file::read(&path) {
        Ok(file) => file.bytes,
        Err(error) => return warn(error.to_string()),
    };
    let Search { found, skipped } = first_match(&bytes, &login.fields());
    let Some((line, password)) = found else {
        return Found {
            password: None,
            warning: (skipped > 0).then(|| {
                let label = shown(&label);
                format!("{label} has lines that are not UTF-8 and were not used: {skipped}")
            }),
        };
    };
    let file = label.into();
    Found {
        password: Some((password, Origin::PassFile { file, line })),
        warning: None,
    }
}

fn file(params: &Params, env: &dyn Env) -> Option<(PathBuf, String)> {
    if let Some(path) = params.value(Param::PassFile) {
        return Some((PathBuf::from(path), path.to_owned()));
    }
    let path = environment::home(env)?.join(".pgpass");
    Some((path, "~/.pgpass".to_owned()))
}

impl Login<'_> {
    /// Host, port, database and user as the file names them: the default
    /// socket folder is called localhost there.
    fn fields(&self) -> [String; 4] {
        let (host, port) = match self.endpoint {
            Endpoint::Tcp { host, port, .. } => (host.clone(), port),
            Endpoint::Unix { folder, port } if defaults::is_socket_folder(folder) => {
                ("localhost".to_owned(), port)
            }
            Endpoint::Unix { folder, port } => (folder.display().to_string(), port),
        };
        [
            host,
            port.to_string(),
            self.database.to_owned(),
            self.user.to_owned(),
        ]
    }
}

/// What a search came to.
struct Search {
    /// Line number and password of the first line that matches.
    found: Option<(usize, Secret)>,
    /// Lines before it, other than comments, that are not UTF-8.
    skipped: usize,
}

/// Goes through the lines. The file may be in any encoding, so a line that is
/// not UTF-8 spoils no other.
fn first_match(bytes: &[u8], wanted: &[String; 4]) -> Search {
    let mut skipped = 0;
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let found = lines
        .filter(|(_, line)| !line.starts_with(b"#"))
        .find_map(|(index, line)| {
            let Ok(line) = str::from_utf8(line) else {
                skipped += 1;
                return None;
            };
            let (fields, password) = split(line.strip_suffix('\r').unwrap_or(line))?;
            let matches = |(field, wanted): (&Field, &String)| field.matches(wanted);
            (fields.iter().zip(wanted).all(matches) && !password.is_empty())
                .then(|| (index + 1, Secret::new(password)))
        });
    Search { found, skipped }
}

/// One of the four fields before the password.
enum Field {
    Any,
    Text(String),
}

impl Field {
    fn matches(&self, wanted: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Text(text) => text == wanted,
        }
    }
}

/// Splits at the first four colons that are not escaped and takes the escapes
/// away; a colon in the password needs none.
fn split(line: &str) -> Option<(Vec<Field>, String)> {
    let mut fields = Vec::with_capacity(4);
    let mut text = String::new();
    let mut is_escaped = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                text.push(chars.next()?);
                is_escaped = true;
            }
            ':' if fields.len() < 4 => {
                let field = std::mem::take(&mut text);
                let is_any = field == "*" && !is_escaped;
                fields.push(if is_any {
                    Field::Any
                } else {
                    Field::Text(field)
                });
                is_escaped = false;
            }
            c => text.push(c),
        }
    }
    (fields.len() == 4).then_some((fields, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: impl AsRef<[u8]>, expected: Option<(usize, &str)>) {
        let endpoint = Endpoint::Tcp {
            host: "h".into(),
            hostaddr: None,
            port: 5432,
        };
        let login = Login {
            endpoint: &endpoint,
            database: "d:1",
            user: "u",
        };
        let found = first_match(text.as_ref(), &login.fields()).found;
        let expected = expected.map(|(line, password)| (line, Secret::new(password)));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_first_line_that_matches_holds() {
        check("h:5432:d\\:1:u:one\n*:*:*:*:two", Some((1, "one")));
        check("h:1:*:*:one\n#*:*:*:*:no\n*:*:*:*:two", Some((3, "two")));
        check("other:*:*:*:one", None);
        check("", None);
        check("other:*:*:*:one\r\n*:*:*:*:two\r\n", Some((2, "two")));
        check(b"# caf\xe9\n*:*:*:*:two", Some((2, "two")));
        check(b"*:*:*:caf\xe9:one\n*:*:*:*:two", Some((2, "two")));
        check("h:5432:*:u", None);
    }

    #[test]
    fn escapes_are_taken_away() {
        check("*:*:*:*:a\\:b\\\\c", Some((1, "a:b\\c")));
        check("*:*:*:*:a:b", Some((1, "a:b")));
        check("\\*:*:*:*:a", None);
    }
}
