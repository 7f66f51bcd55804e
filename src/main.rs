//! The binary: everything it does is in `askance::command`.

fn main() {}
