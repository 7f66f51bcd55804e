//! Letters out: SMTP with the in-doubt marker between 354 and the body, a directory, memory.
