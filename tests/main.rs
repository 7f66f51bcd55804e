//! One test binary: one link on two cores.

#[test]
fn house_stands() {}
