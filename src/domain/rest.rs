//! What a check over a REST interface learns beside success: by which key, of
//! which table, and how far the role sees. Knows no request and no answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::KeyKind;

/// What only a check over a REST interface can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestDetails {
    /// The kind of the key.
    pub key: KeyKind,
    /// Where the role is known from.
    pub role_is_from: String,
    /// What serves the interface, as far as it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The table of which one row was asked for.
    pub table: String,
    /// What came of that.
    pub seen: TableSight,
    /// The required tables, each as it was seen last.
    pub tables: Vec<SeenTable>,
    /// Why `database_url` does not work, where one stands beside the key:
    /// message and code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_fault: Option<String>,
}

/// A table, and how far the role sees into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenTable {
    /// Its name.
    pub name: String,
    /// How far the role sees.
    pub seen: TableSight,
}

/// How far a role sees into a table, told from answers alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TableSight {
    /// A row was shown.
    Rows,
    /// No row was shown to a role from which nothing is hidden: it is empty.
    Empty,
    /// No row was shown: it is empty, or row-level security hides its rows.
    EmptyOrHidden,
    /// Row-level security hides its rows: there are some.
    Hidden,
    /// The role may not read it.
    Denied,
    /// It is another table than ours: it lacks a column that ours has.
    OtherColumns,
    /// It does not exist, or the interface does not show it.
    Missing,
    /// Not asked yet, or the answer told nothing about the table.
    Unknown,
}

// === impl RestDetails ===

impl RestDetails {
    /// Whether the database itself answered. What is missing is told by the
    /// interface alone, from its own list of tables.
    #[must_use]
    pub fn asked_database(&self) -> bool {
        match self.seen {
            TableSight::Rows
            | TableSight::Empty
            | TableSight::EmptyOrHidden
            | TableSight::Hidden
            | TableSight::Denied
            | TableSight::OtherColumns => true,
            TableSight::Missing | TableSight::Unknown => false,
        }
    }
}

impl RestDetails {
    /// The key's kind, and where the role is known from.
    #[must_use]
    pub fn key_words(&self) -> String {
        format!("{} (role {})", self.key, self.role_is_from)
    }

    /// What was asked for, and how far the role sees.
    #[must_use]
    pub fn asked_words(&self) -> String {
        format!("{}: {}", self.table, self.seen)
    }

    /// The required tables by how far the role sees into them.
    #[must_use]
    pub fn table_words(&self) -> Vec<String> {
        let of = |seen| {
            let tables = self.tables.iter().filter(move |table| table.seen == seen);
            let names: Vec<_> = tables.map(|table| table.name.as_str()).collect();
            let all = names.len() > 1 && names.len() == self.tables.len();
            let who = if all {
                format!("all {}", names.len())
            } else {
                names.join(", ")
            };
            (!names.is_empty()).then(|| format!("{seen}: {who}"))
        };
        TableSight::ALL.into_iter().filter_map(of).collect()
    }
}

// === impl TableSight ===

impl TableSight {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Rows,
        Self::Empty,
        Self::EmptyOrHidden,
        Self::Hidden,
        Self::Denied,
        Self::OtherColumns,
        Self::Missing,
        Self::Unknown,
    ];

    /// What is known of row-level security, in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rows => "rows seen",
            Self::Empty => "empty",
            Self::EmptyOrHidden => "no rows: empty, or hidden by row-level security",
            Self::Hidden => "rows hidden by row-level security",
            Self::Denied => "no right to read",
            Self::OtherColumns => "other columns",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a look at the table says that one of its name is there.
    #[must_use]
    pub const fn is_present(self) -> Option<bool> {
        match self {
            Self::Rows
            | Self::Empty
            | Self::EmptyOrHidden
            | Self::Hidden
            | Self::Denied
            | Self::OtherColumns => Some(true),
            Self::Missing => Some(false),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for TableSight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(seen: &[(&str, TableSight)]) -> RestDetails {
        let table = |(name, seen): &(&str, TableSight)| SeenTable {
            name: (*name).to_owned(),
            seen: *seen,
        };
        RestDetails {
            key: KeyKind::Publishable,
            role_is_from: KeyKind::Publishable.role_is_from().to_owned(),
            service: None,
            table: "agents".to_owned(),
            seen: TableSight::Denied,
            tables: seen.iter().map(table).collect(),
            direct_fault: None,
        }
    }

    #[test]
    fn tables_are_told_together_where_they_are_seen_alike() {
        let (denied, missing) = (TableSight::Denied, TableSight::Missing);
        let all = details(&[("a", denied), ("b", denied)]);
        assert_eq!(all.table_words(), ["no right to read: all 2"]);
        let mixed = details(&[("a", denied), ("b", missing), ("c", denied)]);
        let words = ["no right to read: a, c", "missing: b"];
        assert_eq!(mixed.table_words(), words);
        assert_eq!(mixed.key_words(), "publishable (role by the key's kind)");
        assert_eq!(mixed.asked_words(), "agents: no right to read");
    }

    #[test]
    fn what_is_missing_was_not_asked_of_the_database() {
        let mut rest = details(&[]);
        for seen in TableSight::ALL {
            rest.seen = seen;
            assert_eq!(rest.asked_database(), seen.is_present() == Some(true));
        }
    }
}
