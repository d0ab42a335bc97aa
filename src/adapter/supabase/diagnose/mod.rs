//! The examination of the way to a project and of the project, a file for each
//! part. Knows nothing of what follows from what it finds.

mod behind;
mod examine;
mod inside;
mod tables;
mod tls;
mod write;

pub(super) use examine::{Subject, diagnose};
