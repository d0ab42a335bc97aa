//! What a statement leaves in a session whose next user is somebody else: settings
//! and cursors. Knows nothing of rows.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::SimpleQueryMessage;

use crate::{
    adapter::{
        DbResult,
        local::{session::Session, table::quoted},
    },
    domain::Action,
};

/// A row for each thing that stays with the session when its transaction is
/// committed; in full names, as others may have made functions that fit better.
/// Settings of made-up names (`app.user`) are not listed by the server.
const STAYS: &str = "select name, setting from pg_catalog.pg_settings \
     where source operator(pg_catalog.=) 'session' \
     and name operator(pg_catalog.!~~) 'transaction\\_%' \
     union all select 'role', role from pg_catalog.current_setting('role') as role \
     where role operator(pg_catalog.<>) 'none' \
     union all select name, null from pg_catalog.pg_cursors where is_holdable";

/// What stays with the session, before a statement or after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftBehind {
    settings: BTreeMap<String, String>,
    cursors: BTreeSet<String>,
}

impl LeftBehind {
    /// What would stay if the transaction were committed now.
    pub(super) async fn read(session: &mut Session) -> DbResult<Self> {
        let messages = match session.client().simple_query(STAYS).await {
            Ok(messages) => messages,
            Err(error) => return Err(session.classify(error, Action::Query).await),
        };
        let mut found = Self::default();
        for message in messages {
            let SimpleQueryMessage::Row(row) = message else {
                continue;
            };
            let name = row.get(0).unwrap_or_default().to_owned();
            match row.get(1) {
                Some(setting) => {
                    found.settings.insert(name, setting.to_owned());
                }
                None => {
                    found.cursors.insert(name);
                }
            }
        }
        Ok(found)
    }

    /// The statements that leave only this behind, and not what is there now: what
    /// was set for the transaction alone is undone as well, a moment before its end.
    pub(super) fn restore(&self, now: &Self) -> String {
        let mut sql = String::new();
        if !now.cursors.is_subset(&self.cursors) {
            sql.push_str("close all; ");
        }
        for name in now.settings.keys() {
            if !self.settings.contains_key(name) {
                sql.extend(["reset ", &quoted_setting(name), "; "]);
            }
        }
        for (name, setting) in &self.settings {
            if now.settings.get(name) != Some(setting) {
                sql.extend([
                    "select pg_catalog.set_config(",
                    &literal(name),
                    ", ",
                    &literal(setting),
                    ", false); ",
                ]);
            }
        }
        sql
    }
}

/// A setting's name; a dot in it parts two names.
fn quoted_setting(name: &str) -> String {
    let parts: Vec<_> = name.split('.').map(quoted).collect();
    parts.join(".")
}

/// A text as SQL writes it, whatever the session's settings are.
fn literal(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\'', "''");
    format!("E'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(settings: &[(&str, &str)], cursors: &[&str]) -> LeftBehind {
        LeftBehind {
            settings: settings
                .iter()
                .map(|(name, setting)| ((*name).to_owned(), (*setting).to_owned()))
                .collect(),
            cursors: cursors.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[track_caller]
    fn check(before: &LeftBehind, now: &LeftBehind, expected: &str) {
        assert_eq!(before.restore(now), expected);
    }

    #[test]
    fn what_was_there_is_put_back_and_nothing_else_stays() {
        let before = left(
            &[("search_path", "it's\\"), ("work_mem", "4096")],
            &["kept"],
        );
        check(&before, &before, "");
        let now = left(
            &[("search_path", "evil"), ("x.y", "1"), ("work_mem", "4096")],
            &["kept", "new"],
        );
        check(
            &before,
            &now,
            "close all; reset \"x\".\"y\"; \
             select pg_catalog.set_config(E'search_path', E'it''s\\\\', false); ",
        );
        check(
            &before,
            &left(&[], &[]),
            "select pg_catalog.set_config(E'search_path', E'it''s\\\\', false); \
             select pg_catalog.set_config(E'work_mem', E'4096', false); ",
        );
    }
}
