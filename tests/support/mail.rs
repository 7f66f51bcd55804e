//! Mails as authorities write them, for stories.

use askance::store::requests::RequestRow;

/// A mail in the making; everything has a usual value.
#[derive(Debug, Clone)]
pub struct Reply {
    from: String,
    to: String,
    subject: String,
    body: String,
    message_id: String,
    date: String,
    more: Vec<String>,
}

impl Reply {
    /// A reply of an authority at `domain` to the reply address of a request.
    pub fn to(request: &RequestRow, domain: &str) -> Self {
        Self {
            from: format!("Poststelle <poststelle@{domain}>"),
            to: request.reply_address.clone(),
            subject: format!("AW: Ihr Antrag [{}]", request.reference),
            body: String::new(),
            message_id: format!("m-{}@{domain}", request.reference),
            date: "Mon, 14 Sep 2026 09:00:00 +0200".to_owned(),
            more: Vec::new(),
        }
    }

    /// With this text.
    pub fn saying(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// With this subject.
    pub fn about(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    /// From somebody else.
    pub fn from(mut self, from: &str) -> Self {
        from.clone_into(&mut self.from);
        self
    }

    /// To other addresses.
    pub fn addressed(mut self, to: &str) -> Self {
        to.clone_into(&mut self.to);
        self
    }

    /// With another Message-ID.
    pub fn with_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.message_id);
        self
    }

    /// With one more header line.
    pub fn with(mut self, header: &str) -> Self {
        self.more.push(header.to_owned());
        self
    }

    /// The bytes, CRLF line ends.
    pub fn raw(&self) -> Vec<u8> {
        let more: String = self.more.iter().flat_map(|line| [line, "\r\n"]).collect();
        format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}>\r\nDate: {}\r\n{more}MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
            self.from,
            self.to,
            self.subject,
            self.message_id,
            self.date,
            self.body.replace('\n', "\r\n")
        )
        .into_bytes()
    }
}
