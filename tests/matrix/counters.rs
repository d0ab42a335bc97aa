//! What the server has counted of rows written, before a diagnosis and after
//! it. It must not know what a diagnosis does.

use std::time::Duration;

use crate::{scene::Scene, seen::Faults, support::process::wait_until};

/// The name under which the sessions of a diagnosis appear.
pub(crate) const APPLICATION: &str = "diagnosis";

/// Longer than a session takes to end.
const LIMIT: Duration = Duration::from_secs(10);

/// Sessions report what they did when they end, before they leave the list of
/// sessions: the ones that diagnosed, and those of the superuser, who prepares
/// the row.
const UNREPORTED: &str = "select count(*) from pg_stat_activity \
     where (application_name = 'diagnosis' or usename = 'control') \
     and backend_type = 'client backend' and pid <> pg_backend_pid()";

/// Of all databases, and of what they share. Before version 15 the counters
/// come in their own time, which nobody can wait for.
const COUNTED: &str = "select string_agg(concat_ws(' ', coalesce(datname, 'shared'), \
     tup_inserted, tup_updated, tup_deleted), ', ' order by datname) \
     from pg_stat_database \
     where current_setting('server_version_num')::int >= 150000";

/// Before a project: the next number that a transaction gets once it writes.
/// The sessions behind the interface stay, and report what they did later.
const NUMBERED: &str = "select txid_snapshot_xmax(txid_current_snapshot())";

/// The counters before and after, where the server could be asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counters {
    before: Option<String>,
    after: Option<String>,
}

impl Counters {
    /// Counts around this work.
    pub(crate) fn around<T>(scene: &Scene, work: impl FnOnce() -> T) -> (T, Self) {
        let before = count(scene);
        let done = work();
        let after = before.as_ref().and_then(|_| count(scene));
        (done, Self { before, after })
    }

    /// Whether anything was written; nothing where the server tells nobody.
    pub(crate) fn changed(&self) -> Option<bool> {
        let before = self.before.as_ref()?;
        Some(Some(before) != self.after.as_ref())
    }

    /// A diagnosis writes nothing.
    pub(crate) fn compare(&self, faults: &mut Faults) {
        if self.changed() == Some(true) {
            faults.check("rows written", &self.before, &self.after);
        }
    }
}

/// Nothing where the server is absent, down, frozen or lets nobody in.
fn count(scene: &Scene) -> Option<String> {
    let cluster = scene.server().filter(|it| !it.is_frozen())?;
    let ask = |sql| cluster.try_sql("postgres", sql).ok();
    ask("select 1")?;
    if scene.standin.is_some() {
        return ask(NUMBERED);
    }
    let reported = wait_until(LIMIT, || ask(UNREPORTED).as_deref() == Some("0"));
    assert!(reported, "sessions that may have written do not end");
    ask(COUNTED).filter(|counted| !counted.is_empty())
}
