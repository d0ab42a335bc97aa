//! libpq's service file: named sets of parameters. Knows nothing of the other
//! sources; the format and the places are libpq's.

use std::{io, path::PathBuf};

use super::{
    environment::Reach,
    params::{Param, Params, TABLE},
};
use crate::{
    config::{
        Complaint, Env, Origin, environment, plain_file, shown::shown, suggest::did_you_mean,
    },
    domain::Secret,
};

/// Where a system keeps the file when `PGSYSCONFDIR` is not set: Debian's
/// folder, and the one of a PostgreSQL built with its own defaults.
const SYSTEM_FOLDERS: [&str; 2] = ["/etc/postgresql-common", "/usr/local/pgsql/etc"];

/// Fills what is still open from the service that the parameters or
/// `PGSERVICE` name, if any.
///
/// # Errors
/// A complaint when the service is not found, or a line is not understood.
pub(super) fn fill(params: &mut Params, env: &dyn Env, reach: Reach) -> Result<(), Complaint> {
    let variable = Origin::Environment("PGSERVICE".to_owned());
    let named = match reach {
        Reach::Whole => environment::text(env, "PGSERVICE"),
        Reach::NotThePlace => Ok(None),
    };
    match named {
        Ok(Some(name)) => params.fill(Param::Service, name, variable),
        Ok(None) => {}
        Err(problem) => return Err(Complaint::new("service", problem, variable)),
    }
    let Some((name, origin)) = params.get(Param::Service) else {
        return Ok(());
    };
    let (name, origin) = (name.to_owned(), origin.clone());
    let complain =
        |problem: String| Complaint::new("service", problem, origin.clone()).with_value(&name);
    let files = files(env);
    let named = environment::path(env, "PGSERVICEFILE");
    for file in &files {
        let label = shown(&file.display().to_string()).into_owned();
        let text = match plain_file::read_text(file) {
            Ok((text, _)) => text,
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && named.as_ref() != Some(file) =>
            {
                continue;
            }
            Err(error) => return Err(complain(format!("{label} cannot be read: {error}"))),
        };
        let found =
            section(&text, &name).map_err(|problem| complain(format!("{label}: {problem}")))?;
        if let Some(values) = found {
            params.fill_all(
                values,
                &Origin::Service {
                    file: label.into(),
                    name: name.into(),
                },
            );
            return Ok(());
        }
    }
    let looked: Vec<_> = files
        .iter()
        .map(|file| shown(&file.display().to_string()).into_owned())
        .collect();
    Err(complain(format!("is not defined in {}", looked.join(", "))))
}

/// The files in libpq's order: the user's, then the system's.
fn files(env: &dyn Env) -> Vec<PathBuf> {
    let personal = environment::path(env, "PGSERVICEFILE")
        .or_else(|| Some(environment::home(env)?.join(".pg_service.conf")));
    let system = match environment::path(env, "PGSYSCONFDIR") {
        Some(folder) => vec![folder],
        None => SYSTEM_FOLDERS.map(PathBuf::from).to_vec(),
    };
    let system = system
        .into_iter()
        .map(|folder| folder.join("pg_service.conf"));
    personal.into_iter().chain(system).collect()
}

/// The parameters of one section; `None` when there is no such section. Of
/// two values for the same parameter the first holds.
fn section(text: &str, name: &str) -> Result<Option<Vec<(Param, Secret)>>, String> {
    let mut values: Option<Vec<(Param, Secret)>> = None;
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if values.is_some() {
                break;
            }
            let found = header.split(']').next() == Some(name);
            values = found.then(Vec::new);
            continue;
        }
        let Some(values) = &mut values else { continue };
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| format!("line {number} has not the form parameter=value"))?;
        let param = Param::find(key.trim()).ok_or_else(|| {
            let hint = did_you_mean(key.trim(), TABLE.iter().map(|(_, name, _)| *name));
            format!("line {number} has a parameter that is not supported{hint}")
        })?;
        if param == Param::Service {
            return Err(format!("line {number} names a service within a service"));
        }
        if !values.iter().any(|(known, _)| *known == param) {
            values.push((param, Secret::new(value.trim_start())));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\nbroken\n[other]\nhost=o\n\n[db]\n host=h\nport=1\nport=2\n\
                        password=a=b \n[db]\nhost=late\n";

    #[track_caller]
    fn check(text: &str, name: &str, expected: Result<Option<&[(Param, &str)]>, &str>) {
        let expected = expected.map(|values| {
            values.map(|values| {
                let own = |(param, value): &(Param, &str)| (*param, Secret::new(*value));
                values.iter().map(own).collect::<Vec<_>>()
            })
        });
        assert_eq!(section(text, name), expected.map_err(ToOwned::to_owned));
    }

    #[test]
    fn the_first_section_and_the_first_value_hold() {
        let expected = [
            (Param::Host, "h"),
            (Param::Port, "1"),
            (Param::Password, "a=b"),
        ];
        check(TEXT, "db", Ok(Some(&expected)));
        check(TEXT, "other", Ok(Some(&[(Param::Host, "o")])));
        check(TEXT, "none", Ok(None));
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        check(
            "[a]\nhost",
            "a",
            Err("line 2 has not the form parameter=value"),
        );
        check(
            "[a]\nhots=h",
            "a",
            Err("line 2 has a parameter that is not supported, did you mean host?"),
        );
        check(
            "[a]\nservice=b",
            "a",
            Err("line 2 names a service within a service"),
        );
    }
}
