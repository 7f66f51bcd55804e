//! Which law binds an authority: a table of bodies, and the rules held against the laws they choose.

use crate::law::LAWS;
use askance::data::choice;
use askance::domain::authority::AuthorityKind;
use askance::domain::law::choice::{Body, Choice, Outcome, Rules};
use askance::domain::law::part::{Part, told_by_place};
use askance::domain::law::regime::{Gives, Level, RegimeId};
use askance::domain::law::remedy::Extent;
use std::sync::LazyLock;

pub static RULES: LazyLock<Rules> = LazyLock::new(|| choice::load(&LAWS).expect("the rules load"));
const TEXT: &str = include_str!("../../src/data/choice.toml");

fn choose(country: &str, part: Option<&str>, kind: &str, name: &str) -> Choice {
    let part: Option<Part> = part.map(|part| part.parse().unwrap());
    let body = Body { country, part: part.as_ref(), kind: kind.parse().unwrap(), names: &[name] };
    RULES.choose(&body)
}

/// In one line: a law, `none`, `none (entry)`, `ask a|b|-`, `part?` or `unknown`.
fn said(choice: &Choice) -> String {
    let id = |law: &Option<RegimeId>| law.as_ref().map_or("-", RegimeId::as_str).to_owned();
    match choice {
        Choice::One { law, .. } => law.to_string(),
        Choice::Ask { candidates, .. } => {
            let laws: Vec<String> = candidates.iter().map(|one| id(&one.law)).collect();
            format!("ask {}", laws.join("|"))
        }
        Choice::Excluded { law: Some(law), .. } => format!("none ({law})"),
        Choice::Excluded { law: None, .. } => "none".to_owned(),
        Choice::Unknown { needs_part: true, .. } => "part?".to_owned(),
        Choice::Unknown { .. } => "unknown".to_owned(),
    }
}

/// Country, kind, name, and what is said of it; a part stands behind the country.
const BODIES: &[(&str, &str, &str, &str)] = &[
    // The place never decides: federal bodies stand in every Land.
    ("DE", "police", "Bundespolizeidirektion Koblenz", "de-ifg"),
    ("DE-HE", "police", "Bundespolizeiinspektion Frankfurt am Main Flughafen", "de-ifg"),
    ("DE-BY", "police", "Bundespolizeidirektion München", "de-ifg"),
    ("DE-NI", "police", "Bundeskriminalamt", "de-ifg"),
    ("DE", "other", "Hauptzollamt Berlin", "de-ifg"),
    ("DE", "ministry", "Bundesministerium des Innern und für Heimat", "de-ifg"),
    ("DE", "regulator", "Bundesbeauftragte für den Datenschutz und die Informationsfreiheit", "de-ifg"),
    ("DE", "border", "Grenzschutzstelle Ostheim", "de-ifg"),
    ("DE", "other", "Bundesnachrichtendienst", "none"),
    ("DE", "other", "Bundesamt für Verfassungsschutz", "none"),
    ("DE", "transport", "Deutsche Bahn AG", "ask de-ifg|-"),
    ("DE", "police", "Polizei Hessen", "none"),
    ("DE-HE", "police", "Polizeipräsidium Frankfurt am Main", "none"),
    ("DE-HE", "municipality", "Stadt Kassel", "ask de-he-hdsig|-"),
    ("DE-HE", "ministry", "Ministerium der Justiz", "de-he-hdsig"),
    ("DE-HE", "school", "Goethe-Schule", "ask de-he-hdsig|-"),
    ("DE", "police", "Bayerisches Landeskriminalamt", "none"),
    ("DE-BY", "border", "Grenzpolizeiinspektion Passau", "none"),
    ("DE-BY", "municipality", "Gemeinde Sachsen bei Ansbach", "de-by-baydsg39"),
    ("DE-BY", "municipality", "Landeshauptstadt München", "ask -|de-by-baydsg39"),
    ("DE-BY", "municipality", "Stadt Nürnberg", "ask -|de-by-baydsg39"),
    ("DE-NI", "police", "Polizeidirektion Hannover", "none (de-ni-none)"),
    ("DE-NI", "municipality", "Stadt Göttingen", "none (de-ni-none)"),
    ("DE", "ministry", "Niedersächsisches Ministerium für Inneres", "none (de-ni-none)"),
    ("DE", "police", "Polizei Sachsen", "de-sn-saechstranspg"),
    ("DE", "police", "Landespolizei Sachsen-Anhalt", "de-st-izg"),
    ("DE-SN", "municipality", "Landeshauptstadt Dresden", "ask de-sn-saechstranspg|-"),
    ("DE", "police", "Polizei Berlin", "de-be-ifg"),
    ("DE", "police", "Polizei Hamburg", "de-hh-hmbtg"),
    ("DE-RP", "police", "Polizeipräsidium Rheinau", "de-rp-ltranspg"),
    ("DE-NW", "municipality", "Stadt Köln", "de-nw-ifg"),
    ("DE-BW", "school", "Universität Freiburg", "de-bw-lifg"),
    ("DE", "police", "Polizeipräsidium Köln", "part?"),
    ("DE", "municipality", "Stadt Neustadt", "part?"),
    ("DE", "regulator", "Amt für Statistik Berlin-Brandenburg", "part?"),
    ("AT", "police", "Landespolizeidirektion Wien", "at-ifg"),
    ("AT-9", "municipality", "Stadt Wien", "at-ifg"),
    ("BE", "police", "Police Fédérale", "be-fed"),
    ("BE-BRU", "police", "Federale Politie – Luchtvaartpolitie Brussel", "be-fed"),
    ("BE-WAL", "police", "Zone de police Namur Capitale", "ask be-wal|be-fed"),
    ("BE-VLG", "police", "Politiezone Antwerpen", "ask be-vlg|be-fed"),
    ("BE", "police", "Zone de police de Bruxelles-Capitale Ixelles", "ask be-bru|be-fed"),
    ("BE", "police", "Politiezone Vesdre", "ask be-vlg|be-wal|be-bru|be-fed"),
    ("BE-VLG", "municipality", "Stad Gent", "be-vlg"),
    ("BE-BRU", "municipality", "Commune d’Ixelles", "be-bru"),
    ("BE-WAL", "municipality", "Ville de Namur", "be-wal"),
    ("BE-WAL", "municipality", "Stadt Eupen", "ask be-wal|-"),
    ("BE", "municipality", "Ville de Liège", "part?"),
    ("BE", "transport", "SNCB", "be-fed"),
    ("BE", "transport", "STIB-MIVB", "be-bru"),
    ("BE-BRU", "school", "Athénée royal", "ask be-bru|be-vlg|-"),
    ("BE", "ministry", "SPF Intérieur", "be-fed"),
    ("GB", "police", "Police Scotland", "gb-sct-foisa"),
    ("GB", "police", "Northmoor Constabulary", "gb-foia"),
    ("GB-SCT", "police", "British Transport Police", "gb-foia"),
    ("GB", "police", "National Crime Agency", "none"),
    ("GB", "police", "Police Service of Northern Ireland", "gb-foia"),
    ("GB", "police", "Heddlu Gogledd Cymru", "gb-foia"),
    ("GB", "municipality", "Glasgow City Council", "gb-sct-foisa"),
    ("GB", "municipality", "Leeds City Council", "part?"),
    ("GB-ENG", "municipality", "Leeds City Council", "gb-foia"),
    ("GB-SCT", "school", "Leith Academy", "gb-sct-foisa"),
    ("GB", "ministry", "Home Office", "gb-foia"),
    ("GB-SCT", "ministry", "Scottish Government", "gb-sct-foisa"),
    ("IE", "police", "An Garda Síochána", "ie-foi"),
    ("IE", "municipality", "Cork City Council", "ie-foi"),
    ("CH", "police", "Bundesamt für Polizei fedpol", "ch-bgoe"),
    ("CH-ZH", "police", "Kantonspolizei Zürich", "unknown"),
    ("CH", "municipality", "Stadt Bern", "unknown"),
    ("CH", "transport", "SBB AG", "ask ch-bgoe|-"),
    ("CH", "regulator", "FINMA", "none"),
    ("ES", "police", "Policía Nacional", "es-ltaibg"),
    ("ES", "police", "Mossos d’Esquadra", "es-ltaibg"),
    ("ES", "municipality", "Ayuntamiento de Madrid", "es-ltaibg"),
    ("IT", "municipality", "Comune di Como", "it-foia"),
    ("IT", "police", "Polizia di Stato", "it-foia"),
    ("FR", "police", "Préfecture de Police", "fr-crpa"),
    ("PT", "police", "Polícia de Segurança Pública", "pt-lada"),
    ("NL", "police", "Politie Nederland", "nl-woo"),
    ("NL", "school", "Lyceum", "ask nl-woo|-"),
    ("LU", "police", "Police Grand-Ducale", "lu-2018"),
    ("FI", "police", "Helsingin poliisilaitos", "fi-julkl"),
    ("FI", "municipality", "Mariehamns stad", "unknown"),
    ("EU", "eu_agency", "Europol", "eu-1049"),
    ("PL", "eu_agency", "Frontex", "eu-1049"),
    ("PL", "border", "Frontex", "unknown"),
    ("PL", "border", "Straż Graniczna", "pl-udip"),
    ("EU", "eu_agency", "European Central Bank", "unknown"),
    ("EU", "ministry", "European Commission", "eu-1049"),
    ("DE", "other", "EUROCONTROL Maastricht", "none"),
    ("DE-NW", "private", "Fußballklub Neustadt", "ask de-nw-ifg|-"),
    ("DE-HE", "private", "Arena GmbH", "ask de-he-hdsig|-"),
    ("FR", "private", "Stade SA", "ask fr-crpa|-"),
    ("IS", "police", "Lögreglan", "unknown"),
    ("XX", "police", "Nowhere", "unknown"),
];

#[test]
fn each_body_gets_its_law() {
    let mut wrong = Vec::new();
    for (place, kind, name, expected) in BODIES {
        let (country, part) = (&place[..2], place.contains('-').then_some(*place));
        let choice = choose(country, part, kind, name);
        if said(&choice) != *expected {
            wrong.push(format!(
                "{place} {kind} {name}: expected {expected}, found {}: {choice:?}",
                said(&choice)
            ));
        }
    }
    assert!(wrong.is_empty() && BODIES.len() >= 60, "{}", wrong.join("\n"));
}

#[test]
fn a_choice_says_why() {
    let Choice::One { reasons, .. } = choose("DE", Some("DE-HE"), "police", "Bundespolizei Frankfurt") else {
        panic!()
    };
    assert_eq!(
        reasons[0].words,
        "Bundespolizei Frankfurt is a federal body: the federal Act holds, whatever Land it stands in"
    );
    assert_eq!(reasons[0].src, "§ 1 Abs. 1 IFG");
    let Choice::One { reasons, .. } = choose("DE", None, "police", "Polizei Berlin") else { panic!() };
    assert_eq!(reasons[1].words, "Its name says whose body it is: Berlin");
    let Choice::Excluded { reason, instead, .. } = choose("DE", None, "police", "Polizei Hessen") else {
        panic!()
    };
    assert!(
        reason.src == "§ 81 Abs. 2 Nr. 1 HDSIG"
            && instead.unwrap().starts_with("The federal Act does not reach")
    );
    let garda = choose("IE", None, "police", "An Garda Síochána");
    assert!(garda.caveats()[0].contains("human resources, finance and procurement"), "{garda:?}");
    assert!(choose("ES", None, "police", "Guardia Civil").caveats().is_empty());
    assert!(choose("ES", None, "police", "Ertzaintza").caveats()[0].contains("20 working days"));
    let Choice::Ask { why, candidates, .. } = choose("BE", Some("BE-WAL"), "police", "Zone de police Dyle")
    else {
        panic!()
    };
    assert!(
        why.ends_with("the law of Wallonia") && candidates.iter().all(|one| !one.reason.src.is_empty()),
        "{why}"
    );
    let Choice::Unknown { why, .. } = choose("IS", None, "police", "Lögreglan") else { panic!() };
    assert_eq!(why, "no access law of Iceland is in our data yet");
}

/// Every body of every country with a law gets an answer that is no accident.
#[test]
fn every_country_part_and_kind_is_decided_or_asked() {
    let mut countries: Vec<&str> = LAWS.regimes().map(|law| law.country.as_str()).collect();
    countries.dedup();
    assert_eq!(countries.len(), 33);
    for country in countries {
        let parts: Vec<Option<&Part>> =
            std::iter::once(None).chain(RULES.parts_of(country).map(|part| Some(&part.code))).collect();
        for kind in AuthorityKind::ALL {
            for part in &parts {
                let names = &["Amt"][..];
                let choice = RULES.choose(&Body { country, part: *part, kind: *kind, names });
                let told = format!("{country} {part:?} {kind}: {choice:?}");
                match &choice {
                    Choice::One { law, .. } => {
                        let law = LAWS.regime(law).unwrap();
                        assert!(law.reaches(country, *kind) && law.gives != Gives::Nothing, "{told}");
                    }
                    Choice::Ask { candidates, .. } => assert!(candidates.len() > 1, "{told}"),
                    Choice::Unknown { needs_part, why } => {
                        assert!(!*needs_part || part.is_none(), "{told}");
                        assert!(!why.contains("no access law of") && !why.contains('{'), "{told}");
                    }
                    Choice::Excluded { .. } => {}
                }
            }
        }
    }
}

#[test]
fn every_law_is_chosen_for_somebody() {
    for law in LAWS.regimes() {
        let names = |outcome: &Outcome| match outcome {
            Outcome::Law(id) => *id == law.id,
            Outcome::Excluded { law: id, .. } => id.as_ref() == Some(&law.id),
            Outcome::Ask(_) | Outcome::Unknown => false,
        };
        assert!(RULES.rules.iter().any(|rule| names(&rule.outcome)), "no rule chooses `{}`", law.id);
    }
}

/// What the law's own page says of police and municipalities is what the choice says.
#[test]
fn scope_of_each_law_agrees_with_the_choice() {
    for law in LAWS.regimes().filter(|law| law.level != Level::Eu) {
        let whole: Part = law.country.parse().unwrap();
        let known = RULES.parts_of(&law.country).any(|part| part.code == whole);
        let part = law.subdivision.as_ref().map(|code| code.parse().unwrap()).or(known.then_some(whole));
        for (kind, extent) in [
            (AuthorityKind::Police, law.scope.police),
            (AuthorityKind::Municipality, law.scope.municipalities),
        ] {
            let choice =
                RULES.choose(&Body { country: &law.country, part: part.as_ref(), kind, names: &["Amt"] });
            let (chosen, asked) = match &choice {
                Choice::One { law: id, .. } => (*id == law.id, false),
                Choice::Ask { candidates, .. } => {
                    (false, candidates.iter().any(|one| one.law.as_ref() == Some(&law.id)))
                }
                Choice::Excluded { .. } | Choice::Unknown { .. } => (false, false),
            };
            let agrees = match extent {
                Extent::Yes => chosen || asked,
                // "Where a by-law says so" is asked, "for some records" is chosen with its caveat.
                Extent::Partial => asked || chosen && !choice.caveats().is_empty(),
                Extent::No => !chosen && !asked,
            };
            assert!(agrees, "{}: {kind} {extent:?}, found {choice:?}", law.id);
        }
    }
}

#[test]
fn rules_of_equal_weight_that_differ_ask() {
    let rules = TEXT.to_owned()
        + "\n[[rule]]\ncountry = \"FR\"\nnames = [\"prefecture\"]\nnone = true\nreason = \"A\"\nsrc = \"B\"\nconfidence = \"low\"\n\
        [[rule]]\ncountry = \"FR\"\nnames = [\"police\"]\nlaw = \"fr-crpa\"\nreason = \"C\"\nsrc = \"D\"\nconfidence = \"low\"\n";
    let rules = choice::read(&rules, &LAWS).unwrap();
    let ask =
        |name| rules.choose(&Body { country: "FR", part: None, kind: AuthorityKind::Police, names: &[name] });
    assert_eq!(said(&ask("Préfecture de Police")), "ask -|fr-crpa");
    assert_eq!(said(&ask("Police de Lyon")), "fr-crpa");
}

#[test]
fn a_wrong_rule_is_named_with_its_line() {
    let line = |of: &str| TEXT[..TEXT.find(of).unwrap()].matches('\n').count() + 1;
    let wrong =
        |from: &str, to: &str| choice::read(&TEXT.replacen(from, to, 1), &LAWS).unwrap_err().to_string();
    for (from, to, told) in [
        (
            "law = \"at-ifg\"",
            "law = \"at-ifq\"",
            "rule.law: expected a law of src/data/regimes, found `at-ifq`; near: `at-ifg`",
        ),
        (
            "law = \"at-ifg\"",
            "law = \"bg-zdoi\"",
            "rule.law: expected a law of `AT`, found `bg-zdoi` of `BG`",
        ),
        ("law = \"at-ifg\"", "law = \"at-ifg\"\nnone = true", "rule.law: expected exactly one of"),
        (
            "code = \"BE-VLG\"",
            "code = \"BE-BRU\"",
            "part.code: expected each part once, found `BE-BRU` again",
        ),
        ("code = \"BE-VLG\"", "code = \"flanders\"", "part.code: expected a part of a country as `DE-HE`"),
        (
            "parts = [\"DE-HE\"]",
            "parts = [\"DE-XX\"]",
            "rule.parts: expected parts of `DE` that have a [[part]], found `DE-XX`",
        ),
    ] {
        let error = wrong(from, to);
        assert!(error.starts_with(&format!("choice.toml:{}: {told}", line(from))), "{error}");
    }
    let error = wrong("country = \"AT\"", "country = \"AX1\"");
    assert!(error.contains(": rule.country: expected a country's code of ISO 3166-1"), "{error}");
    let error = wrong("country = \"AT\"\n", "country = \"AT\"\nplace = \"Wien\"\n");
    assert!(error.contains("unknown field `place`"), "{error}");
    let error = wrong("src = \"§§ 1, 3 IFG\"", "src = \" \"");
    assert!(error.contains("rule.src: expected words, found none"), "{error}");
    let error = wrong("kinds = [\"border\"]", "kinds = [\"castle\"]");
    assert!(error.contains("expected a kind of authority"), "{error}");
}

#[test]
fn number_of_a_place_tells_the_part_of_a_local_body_only() {
    use AuthorityKind::{Ministry, Municipality, Police, School};
    let told = |kind, country, ids: &[(&str, &str)]| {
        let ids: Vec<(String, String)> =
            ids.iter().map(|(s, v)| ((*s).to_owned(), (*v).to_owned())).collect();
        told_by_place(kind, country, &ids).map(|part| part.to_string())
    };
    for (kind, country, scheme, value, expected) in [
        (Municipality, "DE", "ags", "06412000", Some("DE-HE")),
        (Police, "DE", "lau", "DE:09162000", Some("DE-BY")),
        (School, "DE", "ars", "053150000000", Some("DE-NW")),
        (Municipality, "DE", "nuts", "DEA23", Some("DE-NW")),
        (Municipality, "DE", "nuts", "DE", None),
        (Municipality, "DE", "ags", "99000000", None),
        (Municipality, "DE", "ags", "0641", None),
        (Municipality, "DE", "ags", "064120é", None),
        (Municipality, "BE", "lau", "BE:21004", Some("BE-BRU")),
        (Municipality, "BE", "lau", "BE:25112", Some("BE-WAL")),
        (Municipality, "BE", "lau", "23088", Some("BE-VLG")),
        (Municipality, "BE", "lau", "22000", None),
        (Municipality, "GB", "gss", "S12000036", Some("GB-SCT")),
        (Municipality, "GB", "lau", "GB:W06000015", Some("GB-WLS")),
        (Municipality, "GB", "nuts", "UKM75", Some("GB-SCT")),
        (Municipality, "GB", "nuts", "TLI3", Some("GB-ENG")),
        (Municipality, "CH", "nuts", "CH040", Some("CH-ZH")),
        (Municipality, "ES", "nuts", "ES511", Some("ES-CT")),
        (Municipality, "FI", "nuts", "FI200", Some("FI-01")),
        (Municipality, "DE", "iso_3166", "DE-SN", Some("DE-SN")),
        (Municipality, "DE", "iso_3166", "FR-75", None),
        (Municipality, "BE", "nuts", "DEA23", None),
        (Ministry, "DE", "ags", "06412000", None),
        (Municipality, "DE", "wikidata", "Q64", None),
    ] {
        assert_eq!(
            told(kind, country, &[(scheme, value)]).as_deref(),
            expected,
            "{country} {scheme}:{value}"
        );
    }
    assert_eq!(told(Municipality, "DE", &[("ags", "06412000"), ("nuts", "DE712")]).as_deref(), Some("DE-HE"));
    assert_eq!(
        told(Municipality, "DE", &[("ags", "06412000"), ("nuts", "DE212")]),
        None,
        "two parts are none"
    );
}
