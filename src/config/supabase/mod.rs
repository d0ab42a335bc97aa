//! What a Supabase project's address and key are made of. Knows nothing of
//! requests.

mod address;
mod key;
mod resolve;

pub(crate) use address::name;
pub(crate) use resolve::{Resolved, resolve};
