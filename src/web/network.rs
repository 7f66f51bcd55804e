//! From which network address a visitor comes. Nothing keeps it; only tries to sign in are counted by a hash of it.

use rocket::Request;
use rocket::request::{FromRequest, Outcome};
use std::convert::Infallible;
use std::net::IpAddr;

/// The address of a visitor: that of the connection, or what the web server before us says. It is believed only where
/// Rocket's `ip_header` names the header in which it says so, where the connection comes from this machine or its
/// private network, and where the header is there once: whoever may write it may choose an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub Option<IpAddr>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Network {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let peer = request.remote().map(|peer| peer.ip().to_canonical());
        let told = if peer.is_some_and(is_near) { told(request) } else { None };
        Outcome::Success(Self(told.or(peer)))
    }
}

/// What the web server before us says, if it says one thing.
fn told(request: &Request<'_>) -> Option<IpAddr> {
    let header = request.rocket().config().ip_header.as_ref()?.as_str();
    let mut lines = request.headers().get(header);
    let said = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    said.trim().parse::<IpAddr>().ok()
}

/// Whether an address is of this machine or of a network that does not reach into the internet.
pub(crate) fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}
