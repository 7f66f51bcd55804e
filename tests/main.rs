//! One test binary: one link on two cores.

mod law;
#[cfg(test)]
mod letters;
mod servers;
#[cfg(test)]
mod story;
mod web;

#[test]
fn house_stands() {}
