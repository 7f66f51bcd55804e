//! The public reference of a request, and its reply address, which is a bearer secret.
