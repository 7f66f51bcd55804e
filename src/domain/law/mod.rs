//! Access-to-information law: rules as data, calendars, and due dates with the steps that led to them.

pub mod calendar;
pub mod check;
pub mod choice;
pub mod citation;
pub mod claim;
pub mod counting;
pub mod course;
pub mod deadline;
pub mod derivation;
pub mod fit;
pub mod part;
pub mod regime;
pub mod remedy;
pub mod rules;
pub mod term;
pub mod told;
