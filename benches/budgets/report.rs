//! The table of figures. It must not know how they were measured.

use std::{
    io::{Write, stdout},
    time::Duration,
};

/// Prints figures as they come, and remembers whether all budgets were kept.
#[derive(Debug)]
pub(crate) struct Report {
    all_kept: bool,
}

impl Report {
    pub(crate) fn begin() -> Self {
        let report = Self { all_kept: true };
        report.line(["figure", "n", "median", "worst", "budget", ""]);
        report
    }

    pub(crate) fn all_kept(&self) -> bool {
        self.all_kept
    }

    /// A series of times, all of which must keep the budget.
    pub(crate) fn times(&mut self, what: &str, times: &[Duration], budget: Duration) {
        let mut sorted = times.to_vec();
        sorted.sort();
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        let worst = sorted.last().copied().unwrap_or_default();
        let figures = [ms(median), ms(worst), format!("<= {}", ms(budget))];
        self.figure(
            what,
            times.len(),
            &figures,
            worst <= budget && !times.is_empty(),
        );
    }

    /// The median of a series must keep a budget of its own.
    pub(crate) fn median(&mut self, what: &str, times: &[Duration], budget: Duration) {
        let mut sorted = times.to_vec();
        sorted.sort();
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        let figures = [ms(median), String::new(), format!("<= {}", ms(budget))];
        self.figure(
            what,
            times.len(),
            &figures,
            median <= budget && !times.is_empty(),
        );
    }

    /// One number with its unit, which must not be above the budget.
    pub(crate) fn number(&mut self, what: &str, value: f64, budget: f64, unit: &str) {
        let figures = [
            format!("{value:.2} {unit}"),
            String::new(),
            format!("<= {budget:.2} {unit}"),
        ];
        self.figure(what, 1, &figures, value <= budget);
    }

    /// A remark between the figures.
    #[expect(
        clippy::unused_self,
        reason = "a remark belongs to the table that was begun"
    )]
    pub(crate) fn note(&self, words: &str) {
        writeln!(stdout(), "  {words}").ok();
    }

    /// How many of `n` runs were as they should be; all must be.
    pub(crate) fn count(&mut self, what: &str, good: usize, n: usize) {
        let figures = [
            format!("{good} of {n}"),
            String::new(),
            format!("{n} of {n}"),
        ];
        self.figure(what, n, &figures, good == n);
    }

    fn figure(&mut self, what: &str, n: usize, [median, worst, budget]: &[String; 3], kept: bool) {
        self.all_kept &= kept;
        let verdict = if kept { "kept" } else { "NOT KEPT" };
        self.line([what, &n.to_string(), median, worst, budget, verdict]);
    }

    #[expect(
        clippy::unused_self,
        reason = "a line belongs to the table that was begun"
    )]
    fn line(&self, cells: [&str; 6]) {
        let [what, n, median, worst, budget, verdict] = cells;
        // Nobody is left to be told when standard output is gone.
        writeln!(
            stdout(),
            "{what:<44} {n:>4} {median:>14} {worst:>14} {budget:>14}  {verdict}"
        )
        .ok();
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
