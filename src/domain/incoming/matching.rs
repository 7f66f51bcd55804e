//! To which request a mail belongs, with the reasons.
