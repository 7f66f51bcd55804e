//! Migrations, templates and data files are embedded: a change in one of them must rebuild the crate.
fn main() {
    for watched in ["migrations", "templates", "src/data"] {
        println!("cargo:rerun-if-changed={watched}");
    }
}
