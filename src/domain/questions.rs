//! What we ask: questions in two wordings, bundles, shapes of an answer, dispositions, grounds.

use std::collections::BTreeMap;

use crate::domain::authority::AuthorityKind;
use crate::domain::words::words;
use chrono::NaiveDate;
use serde::Serialize;

words! {
    /// A language our letters are written in.
    pub enum Language {
        /// English, the one every letter falls back to.
        English = "en",
        /// German.
        German = "de",
        /// French.
        French = "fr",
        /// Italian.
        Italian = "it",
        /// Greek.
        Greek = "el",
    }
    expected "a language of letters"
}

words! {
    /// Whether a law gives answers to questions or copies of documents.
    pub enum Wording {
        /// A right to information: questions may be put.
        Answers = "answers",
        /// A right to recorded documents only: documents must be named.
        Documents = "documents",
    }
    expected "a wording"
}

words! {
    /// The shape a coded answer takes.
    pub enum AnswerType {
        /// Yes, no, or the authority does not know.
        YesNoUnknown = "yes_no_unknown",
        /// The same with a date.
        YesNoDate = "yes_no_date",
        /// One of the question's options.
        Enum = "enum",
        /// Several of the question's options.
        MultiEnum = "multi_enum",
        /// A whole number with unit and period.
        Count = "count",
        /// A decimal with unit.
        Number = "number",
        /// Money with currency.
        Amount = "amount",
        /// A day, month or year.
        Date = "date",
        /// From one date to another or open.
        DateRange = "date_range",
        /// How long something lasts.
        Duration = "duration",
        /// Numerator over denominator.
        Rate = "rate",
        /// A company or body.
        Organisation = "organisation",
        /// A product with version.
        Product = "product",
        /// A provision of law.
        Citation = "citation",
        /// A released or withheld document.
        Document = "document",
        /// Points on a map.
        Locations = "locations",
        /// Rows with the question's columns.
        Table = "table",
        /// Short text.
        Text = "text",
    }
    expected "an answer type"
}

words! {
    /// How one question of one request was dealt with.
    pub enum Disposition {
        /// Answered in full.
        Disclosed = "disclosed",
        /// Answered in part.
        DisclosedPartly = "disclosed_partly",
        /// Pointed to something public.
        AlreadyPublic = "already_public",
        /// Says that it holds nothing.
        NotHeld = "not_held",
        /// Refused.
        Refused = "refused",
        /// Neither confirms nor denies.
        NeitherConfirmNorDeny = "neither_confirm_nor_deny",
        /// Passed to another authority.
        Transferred = "transferred",
        /// The reply skipped this question.
        NoAnswer = "no_answer",
        /// A fee was asked for.
        FeeAsked = "fee_asked",
        /// Clarification was asked for.
        ClarificationAsked = "clarification_asked",
        /// No reply yet.
        Pending = "pending",
        /// The requester gave up.
        Withdrawn = "withdrawn",
        /// The question does not fit.
        NotApplicable = "not_applicable",
    }
    expected "a disposition"
}

words! {
    /// Why something was refused, normalised; the literal citation is kept beside it.
    pub enum RefusalGround {
        /// National security.
        NationalSecurity = "national_security",
        /// Police work and public security.
        PublicSecurityLawEnforcement = "public_security_law_enforcement",
        /// Classified information.
        Classified = "classified",
        /// Trade secrets and business interests.
        CommercialConfidentiality = "commercial_confidentiality",
        /// Intellectual property of a third party.
        ThirdPartyIp = "third_party_ip",
        /// Personal data.
        PersonalData = "personal_data",
        /// Legal advice and litigation.
        LegalPrivilege = "legal_privilege",
        /// Drafts and internal views.
        InternalDeliberation = "internal_deliberation",
        /// Too costly or burdensome.
        CostOrBurden = "cost_or_burden",
        /// Not recorded so that it can be searched.
        NotRetrievable = "not_retrievable",
        /// Abusive or repeated.
        VexatiousOrRepeated = "vexatious_or_repeated",
        /// Said to be too vague.
        Unclear = "unclear",
        /// Body or subject said to be outside the law.
        NotCovered = "not_covered",
        /// Already public.
        AlreadyPublished = "already_published",
        /// Relations with other states or bodies.
        InternationalRelations = "international_relations",
        /// A case is running.
        OngoingInquiry = "ongoing_inquiry",
        /// To be published later.
        FuturePublication = "future_publication",
        /// No ground was given.
        NoneGiven = "none_given",
        /// No reply after the deadline.
        Silence = "silence",
    }
    expected "a refusal ground"
}

/// One question in one language, as a question and as a request for documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Phrasing {
    /// The question; may hold `{from}`, `{to}`, `{units}`, `{vendors}`.
    pub text: String,
    /// The same as a request for documents.
    pub document_wording: String,
}

impl Phrasing {
    /// The one of the two that a law allows.
    pub fn in_wording(&self, wording: Wording) -> &str {
        match wording {
            Wording::Answers => &self.text,
            Wording::Documents => &self.document_wording,
        }
    }
}

/// One question of the catalogue; its key never changes, so that answers stay comparable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Stable name, as `use_any`.
    pub key: String,
    /// Section of the catalogue it stands in.
    pub topic: String,
    /// Both wordings in English.
    #[serde(flatten)]
    pub english: Phrasing,
    /// Both wordings in the other languages; complete for core questions.
    pub translations: BTreeMap<Language, Phrasing>,
    /// Whom it makes sense to ask.
    pub applies_to: Vec<AuthorityKind>,
    /// Whether it stands in the first letter; the others make the second wave.
    pub core: bool,
    /// The shape of its answer.
    pub answer_type: AnswerType,
    /// The choices of an `enum` or `multi_enum`.
    pub options: Vec<String>,
    /// The columns of a `table`.
    pub columns: Vec<String>,
    /// Where a duty to know or publish comes from.
    pub legal_hook: Option<String>,
    /// The day that duty begins; before it we ask what exists, not what is owed.
    pub applies_from: Option<NaiveDate>,
    /// Why that day, where it needs words.
    pub applies_note: Option<String>,
    /// The ground authorities are most likely to give.
    pub likely_ground: Option<RefusalGround>,
    /// How to keep the question small enough to be answered.
    pub scope_hint: Option<String>,
    /// Why it must be asked for and is not public anyway.
    pub why_foi: Option<String>,
    /// Who asked this before.
    pub precedent: Option<String>,
}

impl Question {
    /// The question in a language, if it was translated into it.
    pub fn phrasing(&self, language: Language) -> Option<&Phrasing> {
        if language == Language::English { Some(&self.english) } else { self.translations.get(&language) }
    }
}

/// A fixed set of questions, so that answers of many authorities can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bundle {
    /// Stable name, as `live_fr`.
    pub key: String,
    /// Its English title.
    pub title: String,
    /// Its title in the other languages of letters.
    pub titles: BTreeMap<Language, String>,
    /// Whom it is meant for.
    pub for_authorities: Vec<AuthorityKind>,
    /// Keys of its questions, in the order they are asked.
    pub questions: Vec<String>,
    /// Keys of questions that may be added.
    pub optional: Vec<String>,
    /// How many years back it asks.
    pub period_years: u16,
    /// The campaigns it was learned from.
    pub pattern: Option<String>,
}

impl Bundle {
    /// The title in a language of letters.
    pub fn title_in(&self, language: Language) -> &str {
        self.titles.get(&language).unwrap_or(&self.title)
    }
}

/// How answers of one type are written down and published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerShape {
    /// The type.
    pub key: AnswerType,
    /// What a coder writes down.
    pub shape: String,
    /// What is published from it.
    pub publish: String,
    /// What coders get wrong.
    pub note: Option<String>,
}

/// What a disposition means for statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DispositionRule {
    /// The disposition.
    pub key: Disposition,
    /// Its words in English.
    pub label: String,
    /// Whether the question is settled by it.
    pub is_final: bool,
    /// Whether it counts as disclosed.
    pub counts_as_disclosed: bool,
}

/// A ground with its words and cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroundLabel {
    /// The ground.
    pub key: RefusalGround,
    /// Its words in English.
    pub label: String,
    /// Citations that were seen for it.
    pub examples: Vec<String>,
}

/// A published figure and how it is computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statistic {
    /// Stable name.
    pub key: String,
    /// The definition in words.
    pub formula: String,
    /// Whether open requests must be counted as censored.
    pub survival: bool,
}

/// All that we ask, checked when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Catalogue {
    /// Every question, by section.
    pub questions: Vec<Question>,
    /// Every bundle.
    pub bundles: Vec<Bundle>,
    /// One row for each [`AnswerType`].
    pub answer_types: Vec<AnswerShape>,
    /// One row for each [`Disposition`].
    pub dispositions: Vec<DispositionRule>,
    /// One row for each [`RefusalGround`].
    pub grounds: Vec<GroundLabel>,
    /// What is published from the answers.
    pub statistics: Vec<Statistic>,
}

impl Catalogue {
    /// The question of that key.
    pub fn question(&self, key: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.key == key)
    }

    /// The bundle of that key.
    pub fn bundle(&self, key: &str) -> Option<&Bundle> {
        self.bundles.iter().find(|bundle| bundle.key == key)
    }

    /// The questions of a bundle's first letter, in its order.
    pub fn core_of(&self, bundle: &Bundle) -> Vec<&Question> {
        bundle
            .questions
            .iter()
            .filter_map(|key| self.question(key))
            .filter(|question| question.core)
            .collect()
    }
}
