//! Response times and outcomes, each with n and as-of.
