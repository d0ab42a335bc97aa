//! Which list is shown and which row of it is selected. Knows nothing of
//! drawing.

use crate::{
    domain::{Alternative, AlternativeKind, Alternatives, Pick, Snapshot, Use},
    tui::{
        action::Motion,
        picker::{Extent, Picker},
        switcher::sentences,
    },
};

/// The state of the view.
#[derive(Debug)]
pub(in crate::tui) struct Panel {
    pub(super) kind: AlternativeKind,
    /// Lists up to this one were made before anybody asked.
    seen: u64,
    pub(super) picker: Picker,
    /// The list whose row in use was selected at first.
    placed: Option<u64>,
}

/// What follows from choosing the selected row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Wish {
    /// To watch it.
    Switch(Pick),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

impl Panel {
    /// Shows the next list of this kind.
    pub(in crate::tui) fn new(kind: AlternativeKind, snapshot: &Snapshot) -> Self {
        let newest = snapshot.alternatives.as_ref();
        Self {
            kind,
            seen: newest.map_or(0, |list| list.number),
            picker: Picker::default(),
            placed: None,
        }
    }

    /// The list, once it is there.
    pub(super) fn list<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Alternatives> {
        let newest = snapshot.alternatives.as_deref();
        newest.filter(|list| list.kind == self.kind && list.number > self.seen)
    }

    /// Begins at the row that is in use.
    pub(super) fn place(&mut self, list: &Alternatives) {
        let Ok(rows) = &list.rows else { return };
        if self.placed.replace(list.number) != Some(list.number) {
            let in_use = rows.iter().position(|row| row.use_now != Use::Not);
            self.picker.select(in_use.unwrap_or(0), extent(rows));
        }
    }

    /// Selects another row.
    pub(in crate::tui) fn step(&mut self, motion: Motion, snapshot: &Snapshot) {
        let Some(list) = self.list(snapshot) else {
            return;
        };
        self.place(list);
        if let Ok(rows) = &list.rows {
            self.picker.step(motion, extent(rows));
        }
    }

    /// What follows from choosing the selected row.
    pub(in crate::tui) fn choose(&mut self, snapshot: &Snapshot) -> Wish {
        let Some(list) = self.list(snapshot) else {
            return Wish::Nothing(sentences::NOT_LISTED);
        };
        self.place(list);
        let Ok(rows) = &list.rows else {
            return Wish::Nothing(sentences::NOT_VALID);
        };
        let row = self.picker.selected(extent(rows));
        let list = list.number;
        match rows
            .get(row)
            .map(|it| (it.use_now, &it.standing, &it.scene))
        {
            None => Wish::Nothing(sentences::NOT_LISTED),
            Some((_, Err(_), _)) => Wish::Nothing(sentences::NOT_VALID),
            Some((Use::InUse, Ok(_), None)) => Wish::Nothing(sentences::IN_USE_ALREADY),
            // A rehearsal begins anew, whichever it is.
            Some((Use::InUse, Ok(_), Some(_)) | (Use::Not | Use::InUseOtherwise, Ok(_), _)) => {
                Wish::Switch(Pick { list, row })
            }
        }
    }
}

/// How many rows there are; none is ever dropped.
pub(super) fn extent(rows: &[Alternative]) -> Extent {
    Extent {
        len: rows.len(),
        dropped: 0,
    }
}
