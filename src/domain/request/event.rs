//! What can happen to a request.
