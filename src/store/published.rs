//! Reads for everyone: no private column is named here.
