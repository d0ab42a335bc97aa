//! What is known of the required tables, and which to ask for next: all at
//! first, then two with each look, and all again as soon as one has changed.
//! Knows no requests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::{REQUIRED_TABLES, SeenTable, TableSight};

/// So many tables are asked for with each look while nothing changes.
const EACH_LOOK: usize = 2;

const COUNT: usize = REQUIRED_TABLES.len();

/// The sights of all required tables.
#[derive(Debug)]
pub(super) struct Book(Mutex<Pages>);

#[derive(Debug)]
struct Pages {
    seen: [TableSight; COUNT],
    /// Why the newest request for a table told nothing of it.
    faults: [Option<String>; COUNT],
    /// What is known of the table may have changed.
    is_stale: [bool; COUNT],
    /// Which comes in turn next.
    next: usize,
    /// A look goes on behind the table that was asked for last, so that none
    /// keeps those behind it from being asked for.
    first: usize,
}

impl Default for Book {
    fn default() -> Self {
        Self(Mutex::new(Pages {
            seen: [TableSight::Unknown; COUNT],
            faults: [const { None }; COUNT],
            is_stale: [true; COUNT],
            next: 0,
            first: 0,
        }))
    }
}

impl Book {
    /// A look begins: its share of the tables is to be asked for.
    pub(super) fn begin_look(&self) {
        let mut pages = self.pages();
        // What is missing or another's may come any time, and a fault may pass:
        // one of each is always among them, and another table in its turn.
        let mut seen = pages.seen.iter();
        let ours =
            seen.position(|seen| matches!(seen, TableSight::Missing | TableSight::OtherColumns));
        let mut from_first = (pages.first..pages.first + COUNT).map(|index| index % COUNT);
        let faulty = from_first.find(|index| pages.faults[*index].is_some());
        let mut share = EACH_LOOK;
        for index in [ours, faulty].into_iter().flatten() {
            pages.is_stale[index] = true;
        }
        if ours.is_some() && faulty.is_some() {
            share += 1;
        }
        while pages.is_stale.iter().filter(|stale| **stale).count() < share {
            let next = pages.next;
            pages.is_stale[next] = true;
            pages.next = (next + 1) % COUNT;
        }
    }

    /// The next table to ask for that is none of these.
    pub(super) fn due(&self, asked: &[&str]) -> Option<&'static str> {
        let mut pages = self.pages();
        let mut from_first = (pages.first..pages.first + COUNT).map(|index| index % COUNT);
        let due = from_first
            .find(|index| pages.is_stale[*index] && !asked.contains(&REQUIRED_TABLES[*index]))?;
        pages.first = (due + 1) % COUNT;
        Some(REQUIRED_TABLES[due])
    }

    /// Notes how a table was seen. A change makes all others due: who migrates
    /// or grants does it for several.
    pub(super) fn note(&self, table: &str, seen: TableSight) {
        let mut pages = self.pages();
        let Some(index) = index_of(table) else {
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
            pages.is_stale = [true; COUNT];
        }
        pages.seen[index] = seen;
        pages.faults[index] = None;
        pages.is_stale[index] = false;
    }

    /// Notes why a request for a table told nothing of it. Others are asked for
    /// before it comes again.
    pub(super) fn note_fault(&self, table: &str, cause: String) {
        let mut pages = self.pages();
        if let Some(index) = index_of(table) {
            pages.seen[index] = TableSight::Unknown;
            pages.faults[index] = Some(cause);
            pages.is_stale[index] = false;
        }
    }

    /// The tables of which nothing is known, by the cause that each has.
    pub(super) fn faults(&self) -> Vec<String> {
        let pages = self.pages();
        let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
        for (table, cause) in REQUIRED_TABLES.into_iter().zip(&pages.faults) {
            let Some(cause) = cause else { continue };
            match told.iter_mut().find(|(known, _)| known == cause) {
                Some((_, tables)) => tables.push(table),
                None => told.push((cause, vec![table])),
            }
        }
        let words = told.into_iter();
        words
            .map(|(cause, tables)| format!("{}: {cause}", tables.join(", ")))
            .collect()
    }

    /// What is known of all tables may have changed.
    pub(super) fn doubt(&self) {
        self.pages().is_stale = [true; COUNT];
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

fn index_of(table: &str) -> Option<usize> {
    REQUIRED_TABLES.iter().position(|name| *name == table)
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

    #[test]
    fn a_table_with_a_fault_is_told_until_it_is_seen_and_hides_no_other() {
        let book = Book::default();
        let broken = ["commands", "audit_logs"];
        let look = || {
            book.begin_look();
            let mut asked = Vec::new();
            while let Some(table) = book.due(&asked) {
                if broken.contains(&table) {
                    book.note_fault(table, "cause".to_owned());
                } else {
                    book.note(table, TableSight::Empty);
                }
                asked.push(table);
            }
            asked
        };
        assert_eq!(look(), REQUIRED_TABLES);
        let mut asked = Vec::new();
        for _ in 0..2 * COUNT {
            assert_eq!(book.faults(), ["commands, audit_logs: cause"]);
            assert_eq!(book.missing(), None);
            let these = look();
            assert_eq!(these.len(), EACH_LOOK);
            asked.extend(these);
        }
        for table in REQUIRED_TABLES {
            assert!(asked.contains(&table), "{table}");
        }
        for table in broken {
            book.note(table, TableSight::Empty);
        }
        assert_eq!((book.faults(), book.missing()), (vec![], Some(vec![])));
    }

    #[test]
    fn a_look_that_ends_early_is_gone_on_with() {
        let book = Book::default();
        book.begin_look();
        assert_eq!(book.due(&[]), Some(REQUIRED_TABLES[0]));
        assert_eq!(book.due(&[REQUIRED_TABLES[0]]), Some(REQUIRED_TABLES[1]));
        book.begin_look();
        assert_eq!(book.due(&[]), Some(REQUIRED_TABLES[2]));
    }
}
