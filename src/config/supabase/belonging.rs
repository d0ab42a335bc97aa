//! Whether a database is that of a project, as far as both are told by their
//! names. Asks nobody.

use super::{address::HOSTED, resolve::Resolved};
use crate::config::{Complaint, Endpoint, libpq, values::Values};

/// What a hosted project's own database host begins with.
const DATABASE: &str = "db.";

/// The domain of the poolers, which serve many projects.
const POOLER: &str = ".pooler.supabase.com";

/// Nothing is said where only one of the two names a project.
///
/// # Errors
/// They name two.
pub(crate) fn belongs(
    project: &Resolved,
    local: &libpq::Resolved,
    values: &Values,
) -> Result<(), Complaint> {
    let Endpoint::Tcp { host, .. } = &local.endpoint else {
        return Ok(());
    };
    let (Some(own), Some(other), Some(url)) = (
        &project.endpoint.project,
        project_of(host, &local.user),
        &values.database_url,
    ) else {
        return Ok(());
    };
    if *own == other {
        return Ok(());
    }
    let problem = format!(
        "is the database of project {other}, and supabase_url names project {own}: what is \
         watched and what is written must be one project"
    );
    Err(Complaint::new("database_url", problem, url.origin.clone()))
}

/// The project that a host names, or a role at a pooler.
fn project_of(host: &str, user: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if let Some(name) = host.strip_suffix(HOSTED) {
        let name = name.strip_prefix(DATABASE)?;
        return (!name.contains('.')).then(|| name.to_owned());
    }
    host.strip_suffix(POOLER)?;
    let (_, name) = user.rsplit_once('.')?;
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, user: &str, project: Option<&str>) {
        assert_eq!(project_of(host, user).as_deref(), project, "{user}@{host}");
    }

    #[test]
    fn a_project_is_named_by_its_own_host_or_by_the_role_at_a_pooler() {
        check("db.abc.supabase.co", "postgres", Some("abc"));
        check("DB.Abc.supabase.co.", "app.xyz", Some("abc"));
        let pooler = "aws-0-eu-central-1.pooler.supabase.com";
        check(pooler, "postgres.abc", Some("abc"));
        check(pooler, "app.user.ABC", Some("abc"));
    }

    #[test]
    fn other_names_tell_no_project() {
        check("aws-0-eu-central-1.pooler.supabase.com", "postgres", None);
        check("abc.supabase.co", "postgres", None);
        check("db.a.b.supabase.co", "postgres", None);
        check("db.example", "postgres.abc", None);
        check("db.abc.supabase.co.example", "postgres.abc", None);
    }
}
