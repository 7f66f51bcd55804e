//! One test binary: one link on two cores.

#[cfg(test)]
mod letters;

#[test]
fn house_stands() {}
