//! One test binary: one link on two cores.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod authenticity;
#[cfg(test)]
mod cage;
#[cfg(test)]
mod config;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod law;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod people;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod receive;
#[cfg(test)]
mod register;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod story;
#[cfg(test)]
mod support;
#[cfg(test)]
mod web;
