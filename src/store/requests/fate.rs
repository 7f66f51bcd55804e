//! What an event of a request proves of the letter that filed it.

use crate::domain::request::event::Event;
use crate::domain::request::in_force;
use crate::domain::request::state::{State, Status};
use crate::store::requests::events_of;
use crate::store::schema::{events, requests};
use crate::store::{Conn, Error, outbox};
use diesel::prelude::*;

/// Lets the letter of a request follow an event that was just recorded, after which the request stands so.
pub(super) fn follow(conn: &mut Conn, request: i64, event: &Event, state: &State) -> Result<(), Error> {
    let arrived = state.received_on.is_none() && proves_arrival(event);
    let came_back =
        matches!(event, Event::Bounced { permanent: true, .. }) && !state.status.is_known_to_the_authority();
    let taken_back = matches!(event, Event::Retracted { .. })
        && state.status != Status::Undelivered
        && bounces(conn, request)?.is_empty();
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

/// The addresses from which letters to an authority came back for good, as far as what says so counts.
pub fn bounced_addresses(conn: &mut Conn, authority: i64) -> Result<Vec<String>, Error> {
    let told: Vec<i64> = events::table
        .inner_join(requests::table)
        .filter(requests::authority_id.eq(authority))
        .filter(events::kind.eq("bounced"))
        .select(events::request_id)
        .distinct()
        .load(conn)?;
    let mut bounced = Vec::new();
    for request in told {
        bounced.extend(bounces(conn, request)?.into_iter().flatten());
    }
    Ok(bounced)
}

/// The addresses of each time that letters of a request came back for good, as far as what says so counts.
fn bounces(conn: &mut Conn, request: i64) -> Result<Vec<Vec<String>>, Error> {
    let events = events_of(conn, request)?;
    let counts = in_force(&events.iter().collect::<Vec<_>>());
    let in_force = events.into_iter().zip(counts).filter(|(_, counts)| *counts);
    Ok(in_force
        .filter_map(|(event, _)| match event {
            Event::Bounced { permanent: true, recipients, .. } => Some(recipients),
            _ => None,
        })
        .collect())
}
