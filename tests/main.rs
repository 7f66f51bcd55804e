//! One test binary: one link on two cores.

#[cfg(test)]
mod golden;
mod law;
#[cfg(test)]
mod letters;
mod servers;
#[cfg(test)]
mod web;

#[test]
fn house_stands() {}
