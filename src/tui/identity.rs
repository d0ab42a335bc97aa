//! What says which database this is: target, environment, role, protection,
//! profile. Knows nothing of how the database fares.

use ratatui::text::{Line, Span};

use crate::{
    domain::{Mode, Target, TransportSecurity, clean},
    tui::{data::Data, text, view::Look, widgets::flow},
};

/// The phrases, the most important first.
pub(super) struct Identity {
    /// Never left out.
    pub(super) always: Vec<Span<'static>>,
    /// Left out where there is no room, the last ones first.
    pub(super) optional: Vec<Span<'static>>,
}

/// What stands between two phrases.
pub(super) const GAP: &str = "  ";

/// From this width on, what found no room in the lines before gets one of its own.
const WIDE: usize = 80;

impl Identity {
    /// Of what is watched.
    pub(super) fn of(data: &Data, look: &Look) -> Self {
        let session = &*data.snapshot.session;
        let target = &session.target;
        let theme = &look.theme;
        let address = clean(&target.to_string()).into_owned();
        let address = format!("{} {address}", target.mode);
        let mut always = vec![Span::styled(address, theme.text)];
        // Production has a line of its own, over the whole width.
        let environment = session.environment.as_deref();
        if let Some(environment) = environment.filter(|_| !session.is_production()) {
            let environment = clean(environment).into_owned();
            always.push(Span::styled(environment, theme.accent));
        }
        if let Some(profile) = &session.profile {
            let profile = format!("profile {}", clean(profile));
            always.push(Span::styled(profile, theme.text));
        }
        if session.read_only {
            always.push(Span::styled(text::READ_ONLY, theme.accent));
        }
        let mut optional = Vec::new();
        if let Some(direct) = &session.direct {
            let words = clean(&goes_to(direct)).into_owned();
            optional.push(Span::styled(words, theme.text));
        }
        if !target.role.is_empty() {
            let role = format!("as {}", clean(&target.role));
            optional.push(Span::styled(role, theme.dim));
        }
        match security(data, look) {
            Some((words, Matters::Always)) => always.push(words),
            Some((words, Matters::IfThereIsRoom)) => optional.push(words),
            None => {}
        }
        Self { always, optional }
    }

    /// Moves the optional phrases to the end of the line, as far as they fit.
    pub(super) fn fill(&mut self, line: &mut Line<'static>, gap: &Span<'static>, width: usize) {
        self.optional.retain(|phrase| {
            let needed = line.width() + gap.width() + phrase.width();
            if needed > width {
                return true;
            }
            line.push_span(gap.clone());
            line.push_span(phrase.clone());
            false
        });
    }

    /// The optional phrases that are left, on a screen of some width.
    pub(super) fn rest(self, width: usize) -> Vec<Line<'static>> {
        if width < WIDE {
            return Vec::new();
        }
        flow(self.optional, &Span::raw(GAP), width)
    }
}

/// Where SQL and migrations go, where that is another address than the watched one.
pub(super) fn goes_to(direct: &Target) -> String {
    format!("SQL and migrations: {direct}")
}

enum Matters {
    Always,
    IfThereIsRoom,
}

/// What protects the connection: as it is while connected, else as configured.
fn security(data: &Data, look: &Look) -> Option<(Span<'static>, Matters)> {
    let snapshot = &*data.snapshot;
    let configured = snapshot.session.target.security;
    if snapshot.session.target.mode == Mode::Mock {
        return None;
    }
    let is_local = configured == TransportSecurity::ThisMachine;
    let details = snapshot.last_good.as_ref().and_then(|good| good.details());
    let tls = details
        .filter(|_| data.is_connected())
        .and_then(|details| details.tls.as_deref());
    let (words, is_open) = match tls {
        Some("off") if is_local => ("no TLS".to_owned(), false),
        Some("off") => (text::security(TransportSecurity::Plain).to_owned(), true),
        Some(tls) => (
            clean(tls).split(' ').next().unwrap_or("TLS").to_owned(),
            false,
        ),
        None => (
            text::security(configured).to_owned(),
            configured == TransportSecurity::Plain,
        ),
    };
    Some(if is_open {
        (Span::styled(words, look.theme.warn), Matters::Always)
    } else {
        (Span::styled(words, look.theme.dim), Matters::IfThereIsRoom)
    })
}
