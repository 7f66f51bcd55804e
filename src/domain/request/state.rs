//! Which event is allowed when; where a request stands and how it ended.
