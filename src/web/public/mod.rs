//! Pages that everyone may read.

use rocket::Route;

/// The routes of all public pages.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
