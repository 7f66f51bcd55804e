//! Deployments and statements with source and as-of; organisations and what they did.

use serde::{Deserialize, Serialize};

/// One thing that somebody says of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What is said.
    pub text: String,
    /// Who says so: a link, or a document in words.
    pub source: String,
    /// When it was said, as precise as the source; empty where the source gives no date.
    pub as_of: String,
}

/// A biometric system in use, tried, planned or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Address of its page.
    pub key: String,
    /// What it is.
    pub name: String,
    /// deployment, trial, plan, …
    pub kind: String,
    /// ISO 3166-1 alpha-2, or EU.
    pub country: Vec<String>,
    /// Where.
    pub place: String,
    /// Who runs it, as the source names it.
    pub authority: String,
    /// What it does.
    pub technology: String,
    /// planned, trial, `in_use`, …
    pub status: String,
    /// Since when, as precise as the source.
    pub start: Option<String>,
    /// Until when.
    pub end: Option<String>,
    /// When the source said so; empty where it gives no date.
    pub as_of: String,
    /// In short.
    pub summary: String,
    /// On which law it is said to rest.
    pub legal_basis: Option<String>,
    /// Bundles of questions that fit.
    pub bundles: Vec<String>,
    /// What is said of it, each with its source.
    pub statements: Vec<Statement>,
}

/// What an organisation did, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it did.
    pub role: String,
}

/// An organisation of the movement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// Where a source states it; never from memory.
    pub country: Option<String>,
    /// What it did.
    pub roles: Vec<Part>,
}
