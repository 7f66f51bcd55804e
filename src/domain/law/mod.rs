//! Access-to-information law: rules as data, calendars, and due dates with the steps that led to them.

pub mod calendar;
pub mod deadline;
pub mod regime;
