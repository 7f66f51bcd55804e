//! What an operator can set: `Rocket.toml`, section `askance`, and `ASKANCE_*` variables, checked at start.
