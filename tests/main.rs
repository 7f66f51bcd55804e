//! One test binary: one link on two cores.

mod corpus;

#[test]
fn house_stands() {}
