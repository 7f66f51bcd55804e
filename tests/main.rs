//! One test binary: one link on two cores.

#[cfg(test)]
mod law;

#[test]
fn house_stands() {}
