//! One test binary: one link on two cores.

#[cfg(test)]
mod law;
#[cfg(test)]
mod web;

#[test]
fn house_stands() {}
