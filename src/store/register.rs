//! Deployments, statements, organisations.
