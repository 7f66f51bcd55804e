//! Due dates, each with the steps that led to it.
