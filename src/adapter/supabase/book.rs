//! What is known of the required tables, and which to ask for next: all at
//! first, then two with each look, and all again as soon as one has changed.
//! Knows no requests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::{REQUIRED_TABLES, SeenTable, TableSight};

/// So many tables are asked for with each look while nothing changes.
const EACH_LOOK: usize = 2;

/// The sights of all required tables.
#[derive(Debug)]
pub(super) struct Book(Mutex<Pages>);

#[derive(Debug)]
struct Pages {
    seen: [TableSight; REQUIRED_TABLES.len()],
    /// What is known of the table may have changed.
    is_stale: [bool; REQUIRED_TABLES.len()],
    next: usize,
}

impl Default for Book {
    fn default() -> Self {
        Self(Mutex::new(Pages {
            seen: [TableSight::Unknown; REQUIRED_TABLES.len()],
            is_stale: [true; REQUIRED_TABLES.len()],
            next: 0,
        }))
    }
}

impl Book {
    /// A look begins: its share of the tables is to be asked for.
    pub(super) fn begin_look(&self) {
        let mut pages = self.pages();
        // One that is missing may come any time: it is always among them.
        let missing = pages
            .seen
            .iter()
            .position(|seen| *seen == TableSight::Missing);
        if let Some(missing) = missing {
            pages.is_stale[missing] = true;
        }
        while pages.is_stale.iter().filter(|stale| **stale).count() < EACH_LOOK {
            let next = pages.next;
            pages.is_stale[next] = true;
            pages.next = (next + 1) % REQUIRED_TABLES.len();
        }
    }

    /// The next table to ask for that is none of these.
    pub(super) fn due(&self, asked: &[&str]) -> Option<&'static str> {
        let pages = self.pages();
        let tables = REQUIRED_TABLES.iter().zip(pages.is_stale);
        tables
            .filter(|(table, is_stale)| *is_stale && !asked.contains(table))
            .map(|(table, _)| *table)
            .next()
    }

    /// Notes how a table was seen. A change makes all others due: who migrates
    /// or grants does it for several.
    pub(super) fn note(&self, table: &str, seen: TableSight) {
        let mut pages = self.pages();
        let Some(index) = REQUIRED_TABLES.iter().position(|name| *name == table) else {
            return;
        };
        let before = pages.seen[index];
        let shows_rows = |seen| {
            matches!(
                seen,
                TableSight::Rows | TableSight::Empty | TableSight::EmptyOrHidden
            )
        };
        let is_news = before != seen && before != TableSight::Unknown;
        // A row more or less says nothing about the other tables.
        if is_news && !(shows_rows(before) && shows_rows(seen)) {
            pages.is_stale = [true; REQUIRED_TABLES.len()];
        }
        pages.seen[index] = seen;
        pages.is_stale[index] = false;
    }

    /// What is known of all tables may have changed.
    pub(super) fn doubt(&self) {
        self.pages().is_stale = [true; REQUIRED_TABLES.len()];
    }

    /// All tables as they were seen last.
    pub(super) fn seen(&self) -> Vec<SeenTable> {
        let pages = self.pages();
        let tables = REQUIRED_TABLES.iter().zip(pages.seen);
        tables
            .map(|(name, seen)| SeenTable {
                name: (*name).to_owned(),
                seen,
            })
            .collect()
    }

    /// The tables that are missing; `None` while one was never seen.
    pub(super) fn missing(&self) -> Option<Vec<String>> {
        let mut missing = Vec::new();
        for table in self.seen() {
            if !table.seen.is_present()? {
                missing.push(table.name);
            }
        }
        Some(missing)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // It is whole after every statement, so a panic elsewhere leaves it usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables that one look asks for, each seen so.
    fn look(book: &Book, seen: TableSight) -> Vec<&'static str> {
        book.begin_look();
        let mut asked = Vec::new();
        while let Some(table) = book.due(&asked) {
            book.note(table, seen);
            asked.push(table);
        }
        asked
    }

    #[test]
    fn a_round_takes_five_looks_and_forgets_no_table() {
        let book = Book::default();
        assert_eq!(book.missing(), None);
        assert_eq!(look(&book, TableSight::Rows), REQUIRED_TABLES);
        assert_eq!(book.missing(), Some(vec![]));
        let mut asked = Vec::new();
        for _ in 0..5 {
            let these = look(&book, TableSight::Rows);
            assert_eq!(these.len(), EACH_LOOK);
            asked.extend(these);
        }
        for table in REQUIRED_TABLES {
            assert!(asked.contains(&table), "{table}");
        }
    }

    #[test]
    fn a_table_that_is_missing_is_asked_for_each_time_and_its_coming_is_news() {
        let book = Book::default();
        look(&book, TableSight::Missing);
        assert_eq!(
            book.missing(),
            Some(REQUIRED_TABLES.map(str::to_owned).to_vec())
        );
        for _ in 0..20 {
            let asked = look(&book, TableSight::Missing);
            assert!(
                asked.contains(&"agents") && asked.len() == EACH_LOOK,
                "{asked:?}"
            );
        }
        assert_eq!(look(&book, TableSight::Empty).len(), REQUIRED_TABLES.len());
        assert_eq!(book.missing(), Some(vec![]));
    }

    #[test]
    fn a_row_more_or_less_is_no_news() {
        let book = Book::default();
        look(&book, TableSight::EmptyOrHidden);
        assert_eq!(look(&book, TableSight::Rows).len(), EACH_LOOK);
        assert_eq!(look(&book, TableSight::Denied).len(), REQUIRED_TABLES.len());
        book.note("nothing of ours", TableSight::Rows);
        book.doubt();
        assert_eq!(look(&book, TableSight::Denied).len(), REQUIRED_TABLES.len());
    }
}
