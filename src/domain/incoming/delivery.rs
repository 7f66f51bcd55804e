//! Bounces (RFC 3464), automatic replies (RFC 3834), receipts.
