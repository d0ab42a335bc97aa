//! What the server remarked, as it is told: at once, or not before it is known
//! that it is to be told. Knows nothing of where it goes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    adapter::Notice,
    cli::sql::output::{Output, Printing},
};

/// So many are kept to be told later.
const KEPT: usize = 1_000;

/// When remarks are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// As they come, in words.
    AtOnce,
    /// At the end, in words or as JSON.
    AtTheEnd,
}

/// The remarks about one statement.
#[derive(Debug)]
pub(super) struct Notices {
    telling: Telling,
    kept: Vec<Notice>,
    /// How many were not kept.
    more: u64,
    /// Words that were not told yet.
    pub(super) words: Output,
}

impl Notices {
    pub(super) fn new(telling: Telling) -> Self {
        Self {
            telling,
            kept: Vec::new(),
            more: 0,
            words: Output::new(Printing::AtOnce),
        }
    }

    /// A remark came.
    pub(super) fn take(&mut self, notice: Notice) {
        match self.telling {
            Telling::AtOnce => write(&notice, &mut self.words.text),
            Telling::AtTheEnd if self.kept.len() < KEPT => self.kept.push(notice),
            Telling::AtTheEnd => self.more += 1,
        }
    }

    /// So many more came that nobody took.
    pub(super) fn miss(&mut self, count: u64) {
        self.more += count;
    }

    /// Those that were kept.
    pub(super) fn json(&self) -> Value {
        let notices = self.kept.iter().map(|notice| {
            json!({
                "severity": notice.severity,
                "code": notice.code,
                "message": notice.message,
                "detail": notice.detail,
                "hint": notice.hint,
            })
        });
        notices.collect()
    }

    /// How many more there were.
    pub(super) fn more(&self) -> u64 {
        self.more
    }

    /// The words that were not told yet.
    pub(super) fn rest(&self) -> String {
        let mut words = self.words.text.clone();
        for notice in &self.kept {
            write(notice, &mut words);
        }
        if self.more > 0 {
            let noun = if self.more == 1 {
                "notice was"
            } else {
                "notices were"
            };
            writeln!(words, "{} more {noun} left out", self.more).expect("a String takes any text");
        }
        words
    }
}

/// A line, and one for each thing more that is known.
fn write(notice: &Notice, out: &mut String) {
    let mut line = |before: &str, words: &str| {
        writeln!(out, "{before}: {words}").expect("a String takes any text");
    };
    line(&notice.severity, &notice.message);
    for (before, more) in [("  detail", &notice.detail), ("  hint", &notice.hint)] {
        if let Some(words) = more {
            line(before, words);
        }
    }
}
