//! What this version cannot do yet, said plainly. Knows nothing of how it
//! will be done.

use crate::{
    config::{Complaint, mode::ChosenMode, values::Values},
    domain::Mode,
};

/// Supabase mode is refused: this version watches PostgreSQL and mock only.
pub(crate) fn supabase(chosen: &ChosenMode, values: &Values) -> Result<(), Complaint> {
    if chosen.mode != Mode::Supabase {
        return Ok(());
    }
    let origin = match (&values.mode, &values.supabase_url) {
        (Some(mode), _) => mode.origin.clone(),
        (None, Some(url)) => url.origin.clone(),
        (None, None) => crate::config::Origin::Default,
    };
    let problem = "is not part of this version, which watches local (PostgreSQL) and mock only; \
                   set mode = local and database_url, or use --mode mock";
    Err(Complaint::new("mode", problem, origin).with_value(Mode::Supabase.as_str()))
}
