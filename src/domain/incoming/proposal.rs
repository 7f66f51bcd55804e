//! Record this event by itself, or ask the desk, and why.
