//! One access law: clocks, extension, silence, remedies; versions by date.
