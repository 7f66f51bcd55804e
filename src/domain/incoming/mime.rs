//! Bytes to headers, text and attachments: limits, charsets, a lenient second pass; never fails.
