//! Events and messages of a request as the entries and clocks that the public reads.
