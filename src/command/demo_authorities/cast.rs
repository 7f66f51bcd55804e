//! Who plays: invented authorities with `.example` addresses, and what each of them does with a letter.

/// What an authority does with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// German: a file number, then an extension with a date.
    GermanExtension,
    /// German: a file number, then a partial disclosure with a text attached.
    GermanPartial,
    /// Austrian: passes the request on.
    GermanTransfer,
    /// French: a number, then a refusal in an attached PDF.
    FrenchRefusalInPdf,
    /// French: asks what is meant.
    FrenchClarification,
    /// Never says a word.
    Silence,
    /// Italian: a protocol number, then a partial disclosure with a text attached.
    ItalianPartial,
    /// Italian: all that was asked for, with a text attached.
    ItalianFull,
    /// Greek: a protocol number, then "not held".
    GreekNotHeld,
    /// English: an automatic out-of-office reply, then a full answer with a table attached.
    EnglishOutOfOffice,
    /// English, under the law of the Union: registration, then an extension with a date.
    EnglishExtension,
    /// The address does not exist: a delivery report (RFC 3464).
    Bounce,
}

/// One invented authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CastMember {
    /// Name in its own language.
    pub name: &'static str,
    /// Name in English.
    pub name_en: &'static str,
    /// ISO 3166 code, `EU` for the Union.
    pub country: &'static str,
    /// An invented town or region.
    pub place: &'static str,
    /// Kind of body, as `applies_to` in the question catalogue.
    pub kind: &'static str,
    /// Language it is written to in.
    pub language: &'static str,
    /// The regime its requests fall under.
    pub regime: &'static str,
    /// Where letters go.
    pub email: &'static str,
    /// What it does with them.
    pub behaviour: Behaviour,
}

/// The whole cast.
pub fn cast() -> &'static [CastMember] {
    &CAST
}

/// The whole cast; the demonstration's register of authorities is made of it.
pub const CAST: [CastMember; 12] = [
    CastMember {
        name: "Polizeipräsidium Rheinau",
        name_en: "Rheinau Police Headquarters",
        country: "DE",
        place: "Rheinau",
        kind: "police",
        language: "de",
        regime: "de-rp-ltranspg",
        email: "informationszugang@polizei-rheinau.example",
        behaviour: Behaviour::GermanExtension,
    },
    CastMember {
        name: "Stadt Lindenbrück – Rechtsamt",
        name_en: "City of Lindenbrück, Legal Office",
        country: "DE",
        place: "Lindenbrück",
        kind: "municipality",
        language: "de",
        regime: "de-nw-ifg",
        email: "rechtsamt@stadt-lindenbrueck.example",
        behaviour: Behaviour::GermanPartial,
    },
    CastMember {
        name: "Magistrat der Stadt Donaustein",
        name_en: "City Administration of Donaustein",
        country: "AT",
        place: "Donaustein",
        kind: "municipality",
        language: "de",
        regime: "at-ifg",
        email: "informationsfreiheit@donaustein.example",
        behaviour: Behaviour::GermanTransfer,
    },
    CastMember {
        name: "Préfecture du Val-d’Ombre",
        name_en: "Prefecture of Val-d’Ombre",
        country: "FR",
        place: "Val-d’Ombre",
        kind: "police",
        language: "fr",
        regime: "fr-crpa",
        email: "prada@prefecture-val-dombre.example",
        behaviour: Behaviour::FrenchRefusalInPdf,
    },
    CastMember {
        name: "Mairie de Saint-Aubert-les-Prés",
        name_en: "Municipality of Saint-Aubert-les-Prés",
        country: "FR",
        place: "Saint-Aubert-les-Prés",
        kind: "municipality",
        language: "fr",
        regime: "fr-crpa",
        email: "mairie@saint-aubert.example",
        behaviour: Behaviour::FrenchClarification,
    },
    CastMember {
        name: "Administration communale d’Eschenbourg",
        name_en: "Municipality of Eschenbourg",
        country: "LU",
        place: "Eschenbourg",
        kind: "municipality",
        language: "fr",
        regime: "lu-2018",
        email: "transparence@eschenbourg.example",
        behaviour: Behaviour::Silence,
    },
    CastMember {
        name: "Comune di Monteverde sul Lago",
        name_en: "Municipality of Monteverde sul Lago",
        country: "IT",
        place: "Monteverde sul Lago",
        kind: "municipality",
        language: "it",
        regime: "it-foia",
        email: "protocollo@comune-monteverde.example",
        behaviour: Behaviour::ItalianPartial,
    },
    CastMember {
        name: "Azienda Trasporti Valdorata",
        name_en: "Valdorata Transport Company",
        country: "IT",
        place: "Valdorata",
        kind: "transport",
        language: "it",
        regime: "it-foia",
        email: "urp@trasporti-valdorata.example",
        behaviour: Behaviour::ItalianFull,
    },
    CastMember {
        name: "Δήμος Νέας Αλκυόνης",
        name_en: "Municipality of Nea Alkyoni",
        country: "GR",
        place: "Νέα Αλκυόνη",
        kind: "municipality",
        language: "el",
        regime: "gr-kdd5",
        email: "protokollo@dimos-alkyonis.example",
        behaviour: Behaviour::GreekNotHeld,
    },
    CastMember {
        name: "Northmoor Constabulary",
        name_en: "Northmoor Constabulary",
        country: "GB",
        place: "Northmoor",
        kind: "police",
        language: "en",
        regime: "gb-foia",
        email: "foi@northmoor-police.example",
        behaviour: Behaviour::EnglishOutOfOffice,
    },
    CastMember {
        name: "European Agency for Travel Statistics",
        name_en: "European Agency for Travel Statistics",
        country: "EU",
        place: "European Union",
        kind: "eu_agency",
        language: "en",
        regime: "eu-1049",
        email: "access-to-documents@travelstat.example",
        behaviour: Behaviour::EnglishExtension,
    },
    CastMember {
        name: "Ballydara County Council",
        name_en: "Ballydara County Council",
        country: "IE",
        place: "Ballydara",
        kind: "municipality",
        language: "en",
        regime: "ie-foi",
        email: "foi@ballydara-council.example",
        behaviour: Behaviour::Bounce,
    },
];
