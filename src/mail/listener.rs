//! LMTP in (RFC 2033): bytes to a callback, 250 only when it says they are safe.
