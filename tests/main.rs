//! One test binary: one link on two cores.

mod web;

#[test]
fn house_stands() {}
