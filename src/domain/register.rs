//! Deployments and statements with source and as-of.
