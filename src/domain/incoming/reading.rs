//! Which kind of reply and which facts, each with the passage that says so.
