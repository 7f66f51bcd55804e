//! The shape of `questions.toml` and of `questions/<lang>.toml`, before any word in them is checked.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogueFile {
    pub(super) answer_type: Vec<RawShape>,
    pub(super) disposition: Vec<RawDisposition>,
    pub(super) refusal_ground: Vec<RawGround>,
    pub(super) question: Vec<RawQuestion>,
    pub(super) bundle: Vec<RawBundle>,
    pub(super) statistic: Vec<RawStatistic>,
}

#[derive(Deserialize)]
pub(super) struct TranslationFile {
    #[serde(default)]
    pub(super) bundle: BTreeMap<String, RawTitle>,
    #[serde(flatten)]
    pub(super) question: BTreeMap<String, RawPhrasing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTitle {
    pub(super) title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPhrasing {
    pub(super) text: String,
    pub(super) document_wording: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShape {
    pub(super) key: String,
    pub(super) shape: String,
    pub(super) publish: String,
    pub(super) note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDisposition {
    pub(super) key: String,
    pub(super) label: String,
    #[serde(rename = "final")]
    pub(super) is_final: bool,
    pub(super) counts_as_disclosed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGround {
    pub(super) key: String,
    pub(super) label: String,
    #[serde(default)]
    pub(super) examples: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStatistic {
    pub(super) key: String,
    pub(super) formula: String,
    #[serde(default)]
    pub(super) survival: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBundle {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) for_authorities: Vec<String>,
    pub(super) questions: Vec<String>,
    #[serde(default)]
    pub(super) optional: Vec<String>,
    pub(super) period_years: u16,
    pub(super) pattern: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuestion {
    pub(super) key: String,
    pub(super) topic: String,
    pub(super) text: String,
    pub(super) document_wording: String,
    pub(super) applies_to: Vec<String>,
    pub(super) answer_type: String,
    #[serde(default)]
    pub(super) core: bool,
    #[serde(default)]
    pub(super) options: Vec<String>,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    pub(super) legal_hook: Option<String>,
    pub(super) applies_from: Option<String>,
    pub(super) applies_note: Option<String>,
    pub(super) likely_ground: Option<String>,
    pub(super) scope_hint: Option<String>,
    pub(super) why_foi: Option<String>,
    pub(super) precedent: Option<String>,
}
