//! Letters in the making: to whom, under which law, in which language, with what to look at before they leave.

use crate::domain::authority::AuthorityState;
use crate::domain::law::choice::{Body, Choice};
use crate::domain::law::fit::{Misfit, misfit};
use crate::domain::law::part::Part;
use crate::domain::law::regime::{Gives, LetterClauses, Regime, RegimeId};
use crate::domain::law::remedy::Extent;
use crate::domain::letter::{
    self, AskedQuestion, Asking, Letter, LetterFacts, LetterKind, Signature, letter_language, period_of,
    questions_for,
};
use crate::domain::questions::{Bundle, Language, Wording};
use crate::domain::reference::PublicReference;
use crate::mail::letters;
use crate::service::Context;
use crate::service::filing::{Error, Filing};
use crate::store::authorities::{self, Authority};
use crate::store::{Conn, requests};
use chrono::{DateTime, NaiveDate, Utc};

/// A letter in the making: everything but reference and reply address.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    pub(super) authority: Authority,
    pub(super) email: Option<String>,
    pub(super) regime: Option<&'a Regime>,
    pub(super) language: Language,
    pub(super) questions: Vec<AskedQuestion>,
    /// That the law may be the wrong one.
    pub(super) alarms: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) impossible: Option<String>,
}

/// The letters in the order of the authorities' names, each with its own law and language.
pub(super) fn drafts<'a>(
    ctx: &'a Context,
    conn: &mut Conn,
    filing: &Filing,
    bundle: &Bundle,
) -> Result<Vec<Draft<'a>>, Error> {
    let open = requests::open_with_bundle(conn, &filing.authorities, &bundle.key)?;
    let mut drafts = Vec::new();
    for (authority, email) in authorities::load(conn, &filing.authorities)? {
        let regime = authority
            .regime
            .as_deref()
            .and_then(|id| id.parse::<RegimeId>().ok())
            .and_then(|id| ctx.library.laws.regime(&id));
        let mut draft = Draft {
            language: language_of(filing, &authority, regime),
            email,
            regime,
            questions: Vec::new(),
            alarms: regime.map(|regime| alarms(ctx, regime, &authority)).unwrap_or_default(),
            warnings: Vec::new(),
            impossible: None,
            authority,
        };
        if let Some(regime) = regime {
            let today = ctx.clock.today(regime.zone);
            draft.questions = match asked_on(ctx, &draft, (regime, bundle), today) {
                Err(letter::Error::NothingToAsk { .. }) => Vec::new(),
                other => other?,
            };
        }
        draft.impossible = obstacle(ctx, &draft, bundle);
        if let Some(reference) = open.iter().find(|(id, _)| *id == draft.authority.id).map(|(_, r)| r) {
            draft.warnings.push(format!(
                "Request {reference} with the same questions is still open here. A second one can be refused as repeated."
            ));
        }
        let cautions = regime.map(|regime| cautions(filing, &draft, regime)).unwrap_or_default();
        draft.warnings.extend(cautions);
        drafts.push(draft);
    }
    if drafts.is_empty() { Err(Error::NobodyAsked) } else { Ok(drafts) }
}

/// The chosen language, if the law has its words in it; else what suits authority and law.
fn language_of(filing: &Filing, authority: &Authority, regime: Option<&Regime>) -> Language {
    let languages = regime.map(|regime| regime.languages.clone()).unwrap_or_default();
    let usual = letter_language(&authority.language, &languages);
    let chosen = filing.language.as_deref().and_then(|word| word.parse::<Language>().ok());
    chosen.filter(|word| regime.is_some_and(|r| r.letter.contains_key(word.as_str()))).unwrap_or(usual)
}

/// The questions as they are asked on a day.
pub(super) fn asked_on(
    ctx: &Context,
    draft: &Draft<'_>,
    (regime, bundle): (&Regime, &Bundle),
    today: NaiveDate,
) -> Result<Vec<AskedQuestion>, letter::Error> {
    let asking = Asking {
        bundle: &bundle.key,
        language: draft.language,
        wording: wording_of(regime),
        period: period_of(bundle, today),
        kind: Some(draft.authority.kind),
    };
    questions_for(&ctx.library.catalogue, &asking)
}

fn wording_of(regime: &Regime) -> Wording {
    if regime.gives == Gives::Documents { Wording::Documents } else { Wording::Answers }
}

/// Why a letter cannot be sent at all.
fn obstacle(ctx: &Context, draft: &Draft<'_>, bundle: &Bundle) -> Option<String> {
    let Some(regime) = draft.regime else { return Some(without_law(ctx, &draft.authority)) };
    if regime.gives == Gives::Nothing {
        return Some(format!("{} gives no right to information", regime.law_en));
    }
    if draft.authority.state == AuthorityState::Defunct {
        return Some("it no longer exists".to_owned());
    }
    if draft.email.is_none() {
        return Some("it has no address yet; add one on the authority's page".to_owned());
    }
    if draft.questions.is_empty() {
        return Some(format!(
            "none of the questions of “{}” concern a {}",
            bundle.title,
            draft.authority.kind.in_words()
        ));
    }
    clauses(draft, regime).is_none().then(|| format!("the words of {} are missing", regime.citation))
}

/// What is said of an authority without a law: that the law leaves it out, or that nobody has said one yet.
fn without_law(ctx: &Context, authority: &Authority) -> String {
    let part: Option<Part> = authority.subdivision.as_deref().and_then(|part| part.parse().ok());
    let names: Vec<&str> =
        std::iter::once(authority.name.as_str()).chain(authority.name_en.as_deref()).collect();
    let body = Body { country: &authority.country, part: part.as_ref(), kind: authority.kind, names: &names };
    match ctx.library.choice.choose(&body) {
        Choice::Excluded { reason, .. } => format!("{} ({})", reason.words, reason.src),
        _ => "nobody has said yet which law it answers under; set it on the authority's page".to_owned(),
    }
}

/// Why the law may be the wrong one: what was entered before anybody checked it stays in the register.
fn alarms(ctx: &Context, regime: &Regime, authority: &Authority) -> Vec<String> {
    let mut alarms = Vec::new();
    if let Some(Misfit::Foreign { citation, country, body, right, .. }) =
        misfit(regime, (&authority.country, authority.kind), ctx.library.laws.regimes())
    {
        alarms.push(format!(
            "{citation} is a law of {country}, and this is a body of {body}. Right would be {}. Set it on the authority's page.",
            right.replace('`', "")
        ));
    }
    if regime.binds(authority.kind) == Some(Extent::No) {
        let (kind, src) = (authority.kind.in_words(), &regime.scope.src);
        alarms.push(format!("This law does not bind a {kind} ({src}). Look for the law that does."));
    }
    alarms
}

/// What a person should look at before sending.
fn cautions(filing: &Filing, draft: &Draft<'_>, regime: &Regime) -> Vec<String> {
    let mut cautions = Vec::new();
    let kind = draft.authority.kind;
    if regime.binds(kind) == Some(Extent::Partial) {
        let src = &regime.scope.src;
        cautions.push(format!("This law binds a {} only in part ({src}).", kind.in_words()));
    }
    if !regime.takes_email() {
        cautions.push(format!("E-mail may not be enough here: {}.", regime.identity.src));
    }
    if regime.identity.address {
        cautions.push("This law wants the requester's postal address in the letter.".to_owned());
    }
    if regime.identity.nationality_or_residence {
        cautions.push("This law asks for nationality or residence.".to_owned());
    }
    if filing.language.as_deref().is_some_and(|word| word != draft.language.as_str()) {
        cautions.push(format!(
            "The law's words are not there in the language chosen; this letter is in {}.",
            draft.language.as_str()
        ));
    }
    if !regime.fees.request_free {
        cautions.push("A request may cost something here; the letter asks for notice first.".to_owned());
    }
    cautions
}

fn clauses<'r>(draft: &Draft<'_>, regime: &'r Regime) -> Option<&'r LetterClauses> {
    regime.letter.get(draft.language.as_str())
}

pub(super) fn write(
    draft: &Draft<'_>,
    regime: &Regime,
    (bundle, filing): (&Bundle, &Filing),
    (reference, reply_address): (&PublicReference, &str),
    now: DateTime<Utc>,
) -> Result<Letter, Error> {
    let words = clauses(draft, regime).ok_or_else(|| Error::Impossible {
        authority: draft.authority.name.clone(),
        why: format!("the words of {} are missing", regime.citation),
    })?;
    let today = now.with_timezone(&regime.zone).date_naive();
    let facts = LetterFacts {
        language: draft.language,
        wording: wording_of(regime),
        authority_name: draft.authority.name.clone(),
        salutation: None,
        law: words.law.clone(),
        basis: words.basis.clone(),
        deadline: words.deadline.clone(),
        topic: bundle.title_in(draft.language).to_owned(),
        questions: draft.questions.clone(),
        period: period_of(bundle, today),
        signed_as: Signature::parse(&filing.signed_as),
        reply_address: reply_address.to_owned(),
        reference: reference.as_str().to_owned(),
        written_on: today,
    };
    Ok(letters::render(LetterKind::Request, &facts)?)
}
