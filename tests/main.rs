//! One test binary: one link on two cores.

mod law;
mod servers;
mod web;

#[test]
fn house_stands() {}
