//! One test binary: one link on two cores.

mod servers;

#[test]
fn house_stands() {}
