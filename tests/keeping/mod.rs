//! What is kept stays, what is erased stays away: backups, erasures, retention, chains, migrations.

mod backup;
mod bucket;
mod erased_again;
mod erasure;
mod house;
mod migrations;
mod place;
mod shared_files;
mod time;
