//! Attachments to text: PDF, office files, HTML, plain text, mail in mail.
