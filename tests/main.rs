//! One test binary: one link on two cores.

#[cfg(test)]
mod servers;

#[test]
fn house_stands() {}
