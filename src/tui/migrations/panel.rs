//! What the reader has scrolled, asked for and typed. Knows nothing of how the
//! migrations stand.

use crate::{
    domain::{Command, Target},
    tui::picker::Scroll,
};

/// So many characters are taken for a name.
const LONGEST: usize = 512;

/// The state of the view.
#[derive(Debug, Default)]
pub(in crate::tui) struct Panel {
    pub(in crate::tui) scroll: Scroll,
    /// What waits for a confirmation.
    pub(in crate::tui) asking: Option<Asking>,
}

/// A wish that is not confirmed yet.
#[derive(Debug)]
pub(in crate::tui) struct Asking {
    pub(in crate::tui) command: Command,
    pub(in crate::tui) answer: Answer,
}

/// How a wish is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum Answer {
    /// By a key.
    Key,
    /// By the target's name.
    Name {
        /// What was typed so far.
        typed: String,
        /// Whether another name was given.
        is_wrong: bool,
    },
}

impl Answer {
    /// A name of which nothing is typed yet.
    pub(in crate::tui) const NAME: Self = Self::Name {
        typed: String::new(),
        is_wrong: false,
    };
}

impl Panel {
    /// Waits for a confirmation, which stands above all else.
    pub(in crate::tui) fn ask(&mut self, command: Command, answer: Answer) {
        self.scroll.rewind();
        self.asking = Some(Asking { command, answer });
    }

    /// Takes a character of the name.
    pub(in crate::tui) fn type_in(&mut self, c: char) {
        if let Some(Answer::Name { typed, is_wrong }) = self.answer() {
            *is_wrong = false;
            if typed.chars().count() < LONGEST {
                typed.push(c);
            }
        }
    }

    /// Takes the last character back.
    pub(in crate::tui) fn erase(&mut self) {
        if let Some(Answer::Name { typed, is_wrong }) = self.answer() {
            *is_wrong = false;
            typed.pop();
        }
    }

    /// What is confirmed, if it is; another name than the target's is told.
    pub(in crate::tui) fn confirm(&mut self, target: &Target) -> Option<Command> {
        let asking = self.asking.as_mut()?;
        if let Answer::Name { typed, is_wrong } = &mut asking.answer
            && typed.trim() != target.to_string()
        {
            *is_wrong = true;
            return None;
        }
        self.asking.take().map(|asking| asking.command)
    }

    fn answer(&mut self) -> Option<&mut Answer> {
        self.asking.as_mut().map(|asking| &mut asking.answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixtures;

    #[test]
    fn a_name_confirms_when_it_is_the_targets_and_nothing_else_does() {
        let target = fixtures::session().target;
        let mut panel = Panel::default();
        assert_eq!(panel.confirm(&target), None);
        panel.ask(Command::Migrate, Answer::NAME);
        for typed in ["", "localhost", "localhost:5432/apps"] {
            panel.asking.as_mut().unwrap().answer = Answer::NAME;
            typed.chars().for_each(|c| panel.type_in(c));
            assert_eq!(panel.confirm(&target), None, "{typed}");
            let asking = panel.asking.as_ref().unwrap();
            assert!(matches!(
                &asking.answer,
                Answer::Name { is_wrong: true, .. }
            ));
        }
        panel.erase();
        assert_eq!(panel.confirm(&target), Some(Command::Migrate));
        assert!(panel.asking.is_none());
        panel.ask(Command::Adopt, Answer::Key);
        assert_eq!(panel.confirm(&target), Some(Command::Adopt));
    }
}
