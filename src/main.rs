//! The `dbvitals` program.

fn main() {}
