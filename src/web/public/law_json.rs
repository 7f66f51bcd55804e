//! The rules of a law for machines, `/laws.json` and `/laws/<id>.json`, in the shape that docs/machines.md tells.

use crate::domain::law::calendar::Calendar;
use crate::domain::law::regime::Regime;
use serde_json::{Value, json};

/// What those who keep the data tell each other is no rule.
const NOT_TOLD: [&str; 2] = ["note", "checked"];

/// All rules of a law with their sources.
pub fn rules(law: &Regime, calendar: &Calendar) -> Result<Value, serde_json::Error> {
    let mut rules = serde_json::to_value(law)?;
    strip(&mut rules);
    if let Value::Object(fields) = &mut rules {
        // The words for our own letters are no rules.
        fields.remove("letter");
        fields.insert("limit_in_words".to_owned(), json!(law.limit_in_words()));
        fields.insert("estimate".to_owned(), json!(law.is_estimate() || calendar.caveat().is_some()));
        let (first, last) = calendar.span();
        fields.insert(
            "days_off".to_owned(),
            json!({
                "calendar": calendar.place(), "zone": calendar.zone().to_string(), "caveat": calendar.caveat(),
                "known_from": first, "known_until": last,
            }),
        );
    }
    Ok(rules)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in NOT_TOLD {
                fields.remove(name);
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
