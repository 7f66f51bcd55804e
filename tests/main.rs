//! One test binary: one link on two cores.

#[cfg(test)]
mod letters;
mod law;
mod servers;
#[cfg(test)]
mod web;

#[test]
fn house_stands() {}
