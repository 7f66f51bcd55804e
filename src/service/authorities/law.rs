//! The law that is entered for an authority, checked against the authority.

use crate::domain::authority::AuthorityKind;
use crate::domain::law::fit::{Misfit, misfit};
use crate::domain::law::regime::{Regime, RegimeId};
use crate::service::Context;

/// The law, if a body of this kind in this country can answer under it.
pub fn fitting<'a>(
    ctx: &'a Context,
    id: &RegimeId,
    body: (&str, AuthorityKind),
) -> Result<&'a Regime, Misfit> {
    let laws = &ctx.library.laws;
    let law = laws.regime(id).ok_or_else(|| Misfit::Unknown(id.to_string()))?;
    misfit(law, body, laws.regimes()).map_or(Ok(law), Err)
}
