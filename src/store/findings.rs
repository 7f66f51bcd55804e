//! Answers coded per question.
