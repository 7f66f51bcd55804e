//! Mail that came in, its arrivals and attachments.
