//! What an event of a request proves of the letter that filed it.

use crate::domain::request::event::Event;
use crate::domain::request::state::{State, Status};
use crate::store::{Conn, Error, outbox};

/// Lets the letter of a request follow an event that was just recorded, after which the request stands so.
pub(super) fn follow(conn: &mut Conn, request: i64, event: &Event, state: &State) -> Result<(), Error> {
    let arrived = state.received_on.is_none() && proves_arrival(event);
    let came_back =
        matches!(event, Event::Bounced { permanent: true, .. }) && !state.status.is_known_to_the_authority();
    let taken_back = matches!(event, Event::Retracted { .. }) && state.status != Status::Undelivered;
    if !arrived && !came_back && !taken_back {
        return Ok(());
    }
    let Some(letter) = outbox::of_request(conn, request, "request")? else { return Ok(()) };
    if taken_back {
        outbox::doubted_again(conn, letter.id)?;
    }
    if came_back {
        outbox::came_back(conn, letter.id)?;
    }
    // Delivery then records when its clock started. One that waits to be repeated leaves no more.
    if let Some(handed_over) = letter.in_doubt_at.filter(|_| arrived) {
        outbox::arrived(conn, letter.id, (handed_over, outbox::PROVED_BY_A_REPLY))?;
    }
    Ok(())
}

/// Whether the authority wrote because it has our letter.
fn proves_arrival(event: &Event) -> bool {
    matches!(
        event,
        Event::Acknowledged { .. }
            | Event::Registered { .. }
            | Event::ExtensionClaimed { .. }
            | Event::ClarificationAsked { .. }
            | Event::FeeAsked { .. }
            | Event::ThirdPartyAsked { .. }
            | Event::Transferred { .. }
            | Event::AnsweredInPart { .. }
            | Event::Answered { .. }
    )
}
