//! Answers coded per question, with the passage they rest on.
