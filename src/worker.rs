//! The background loop: sweep the spool, read mail, send letters, mark what is overdue. Every job may run twice.
