//! What people do with the service, from the letter to the public timeline.

mod again;
mod calculator;
mod clocks;
mod days_off;
pub mod desk;
mod files;
mod filing;
mod health;
mod hidden_words;
mod intake;
mod kept;
mod learning;
mod learnt;
mod matching;
mod own_words;
pub mod placing;
mod privacy;
mod public;
mod public_clocks;
mod ranking;
mod reply;
mod scans;
mod sending;
mod sending_ends;
mod settle;
