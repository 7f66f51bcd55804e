//! SQL for domain types, on both databases: each closed vocabulary is stored as its word.

use crate::domain::authority::{AuthorityKind, AuthorityState};
use crate::domain::incoming::authenticity::Verdict;
use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::state::{Outcome, Status};
use crate::domain::words::words;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use diesel::{AsExpression, FromSqlRow};

words! {
    /// Which way a message went.
    pub enum Direction {
        /// From an authority to us.
        In = "in",
        /// From us.
        Out = "out",
    }
    expected "a direction"
}

words! {
    /// How far the triage of a message is; says nothing about the request.
    pub enum MessageState {
        /// Safe, not read yet.
        Received = "received",
        /// Read and recorded by rule; nobody has to look.
        Read = "read",
        /// A person is asked.
        Held = "held",
        /// A person said what it is.
        Settled = "settled",
        /// Matches no request.
        Unmatched = "unmatched",
        /// Could not be read; shown as it came.
        Unreadable = "unreadable",
        /// Not a reply to any request; kept, out of the way.
        SetAside = "set_aside",
    }
    expected "a state of a message"
}

words! {
    /// Where a letter stands on its way out (reliability: delivery semantics).
    pub enum OutboxState {
        /// Waits for its turn.
        Queued = "queued",
        /// A worker has it.
        Claimed = "claimed",
        /// The server said 354; the body may be on the wire.
        InDoubt = "in_doubt",
        /// The server took it.
        Accepted = "accepted",
        /// Known not to be accepted; tried again later.
        Deferred = "deferred",
        /// The server refused it for good.
        Refused = "refused",
        /// Nobody knows; never sent again by itself.
        Unknown = "unknown",
        /// Taken back before it left.
        TakenBack = "taken_back",
    }
    expected "a state of a letter"
}

words! {
    /// What a person may do.
    pub enum Role {
        /// Files requests.
        Activist = "activist",
        /// Files and settles replies.
        Volunteer = "volunteer",
        /// At present the same as a volunteer.
        Publisher = "publisher",
        /// A volunteer who also orders days off; people are managed from the console.
        Admin = "admin",
    }
    expected "a role"
}

impl Role {
    /// Whether the role may triage replies.
    pub fn may_triage(self) -> bool {
        self != Self::Activist
    }

    /// Whether the role may manage people and settings.
    pub fn may_administer(self) -> bool {
        self == Self::Admin
    }
}

macro_rules! text_sql {
    ($($proxy:ident = $name:ident;)+) => { $(
        #[derive(AsExpression, FromSqlRow)]
        #[diesel(foreign_derive)]
        #[diesel(sql_type = Text)]
        #[expect(dead_code, reason = "a proxy that only carries Diesel's derives")]
        struct $proxy($name);

        impl<DB: Backend> ToSql<Text, DB> for $name
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.as_str().to_sql(out)
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(String::from_sql(bytes)?.parse::<$name>()?)
            }
        }
    )+ };
}

text_sql! {
    RemedyStepProxy = RemedyStep;
    StatusProxy = Status;
    OutcomeProxy = Outcome;
    AuthorityKindProxy = AuthorityKind;
    AuthorityStateProxy = AuthorityState;
    DirectionProxy = Direction;
    MessageStateProxy = MessageState;
    OutboxStateProxy = OutboxState;
    RoleProxy = Role;
    VerdictProxy = Verdict;
}
