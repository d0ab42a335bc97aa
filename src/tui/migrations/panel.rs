//! What the reader has scrolled, asked for and typed. Knows nothing of how the
//! migrations stand.

use crate::{
    domain::{Command, ConnectionId, Session},
    tui::{migrations::Write, picker::Scroll},
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
    pub(in crate::tui) write: Write,
    /// The connection that was on the screen when it was asked.
    id: ConnectionId,
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
    pub(in crate::tui) fn ask(&mut self, write: Write, id: ConnectionId, answer: Answer) {
        self.scroll.rewind();
        self.asking = Some(Asking { write, id, answer });
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
    pub(in crate::tui) fn confirm(&mut self, session: &Session) -> Option<(Write, Command)> {
        let asking = self.asking.as_mut()?;
        let is_named = match &mut asking.answer {
            // The label may have come meanwhile.
            Answer::Key => !session.is_production(),
            Answer::Name { typed, is_wrong } => {
                *is_wrong = typed.trim() != session.written().to_string();
                !*is_wrong
            }
        };
        if !is_named {
            if asking.answer == Answer::Key {
                asking.answer = Answer::NAME;
            }
            return None;
        }
        let Asking { write, id, .. } = self.asking.take()?;
        Some((write, write.at(id)))
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
        let session = fixtures::session();
        let id = fixtures::connection_id();
        let mut panel = Panel::default();
        assert_eq!(panel.confirm(&session), None);
        panel.ask(Write::Migrate, id, Answer::NAME);
        for typed in ["", "localhost", "localhost:5432/apps"] {
            panel.asking.as_mut().unwrap().answer = Answer::NAME;
            typed.chars().for_each(|c| panel.type_in(c));
            assert_eq!(panel.confirm(&session), None, "{typed}");
            let asking = panel.asking.as_ref().unwrap();
            assert!(matches!(
                &asking.answer,
                Answer::Name { is_wrong: true, .. }
            ));
        }
        panel.erase();
        let migrate = (Write::Migrate, Command::Migrate(id));
        assert_eq!(panel.confirm(&session), Some(migrate));
        assert!(panel.asking.is_none());
        panel.ask(Write::Adopt, id, Answer::Key);
        let adopt = (Write::Adopt, Command::Adopt(id));
        assert_eq!(panel.confirm(&session), Some(adopt));
    }

    #[test]
    fn a_key_is_not_enough_where_production_began_meanwhile() {
        let mut session = fixtures::session();
        let mut panel = Panel::default();
        panel.ask(Write::Migrate, fixtures::connection_id(), Answer::Key);
        session.environment = Some("production".into());
        assert_eq!(panel.confirm(&session), None);
        let asking = panel.asking.unwrap();
        assert_eq!(asking.answer, Answer::NAME);
    }
}
