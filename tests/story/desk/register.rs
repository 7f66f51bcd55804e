//! The register grows: authorities entered by hand, and from a table.

use super::Desk;
use crate::support::{Site, filing_of, stories};
use askance::domain::authority::{AuthorityKind, AuthorityState};
use askance::service::authorities as keeping;
use askance::service::authorities::import::{Error, Remark, import};
use askance::service::filing;
use askance::store::authorities::Identified;
use askance::store::types::Role;
use askance::store::{audit, authorities, desk};
use rocket::http::Status;

#[test]
fn first_authority_is_entered_where_the_empty_register_says_so() {
    let desk = Desk::new();
    let token = desk.volunteer_signs_in();
    for page in ["/desk/authorities", "/desk/requests/new"] {
        let page = desk.page(page);
        assert!(
            page.contains("No authority is in the register yet.") && page.contains("/desk/authorities/new")
        );
    }
    let mut fields = vec![
        ("csrf", token.as_str()),
        ("name", "  Stadt   Brandau "),
        ("language", "de-DE"),
        ("kind", "municipality"),
        ("country", "DE"),
        ("place", "Brandau"),
        ("regime", ""),
        ("website", "https://brandau.example"),
        ("identifiers", "wikidata:Q64\r\nags: 01234567"),
    ];
    let added = desk.post("/desk/authorities/new", &fields);
    assert_eq!(added.headers().get_one("Location"), Some("/desk/authorities/1"));
    drop(added);
    assert!(desk.page("/desk/authorities?state=needs_address").contains(">Stadt Brandau<"));
    assert!(desk.page("/desk/requests/new").contains("it has no address yet"));

    fields[1] = ("name", "STADT BRANDAU");
    fields[8] = ("address", "post@brandau.example");
    let twice = desk.post("/desk/authorities/new", &fields);
    assert_eq!(twice.status(), Status::UnprocessableEntity);
    assert!(twice.into_string().unwrap().contains("1 authority has this name in this country already."));
    fields.push(("another", "1"));
    fields[7] = ("identifiers", "ags:01234567\r\nwikidata:Q64");
    let refused = desk.post("/desk/authorities/new", &fields).into_string().unwrap();
    assert!(refused.contains("“wikidata:Q64” belongs to Stadt Brandau"), "{refused}");
    fields[7] = ("identifiers", "ags:01234567");
    let another = desk.post("/desk/authorities/new", &fields);
    assert_eq!(another.status(), Status::SeeOther);
    drop(another);
    let mut conn = desk.db.conn().unwrap();
    assert_eq!(authorities::by_slug(&mut conn, "stadt-brandau-2").unwrap(), Some(2));
    assert_eq!(audit::verify(&mut conn).unwrap().1, None);
    drop(conn);
    assert!(
        desk.page("/desk/requests/new").find("STADT BRANDAU")
            < desk.page("/desk/requests/new").find(">Stadt Brandau<"),
        "those that can be asked come first"
    );
}

#[test]
fn wrong_entry_comes_back_with_all_that_is_wrong() {
    let desk = Desk::new();
    let token = desk.volunteer_signs_in();
    let fields = [
        ("csrf", token.as_str()),
        ("name", " "),
        ("kind", "castle"),
        ("country", "XX"),
        ("regime", "no law"),
        ("website", "javascript:alert(1)"),
        ("address", "foi at city"),
        ("identifiers", "Q64"),
    ];
    let answer = desk.post("/desk/authorities/new", &fields);
    assert_eq!(answer.status(), Status::UnprocessableEntity);
    let page = answer.into_string().unwrap();
    assert_eq!(page.matches("class=\"err\"").count(), 8, "{page}");
    assert!(page.contains("value=\"foi at city\"") && page.contains("“Q64” is no identifier."));
    let unknown = [
        &fields[..1],
        &[("name", "A"), ("kind", "police"), ("country", "DE"), ("language", "de"), ("regime", "xx-none")],
    ]
    .concat();
    let answer = desk.post("/desk/authorities/new", &unknown).into_string().unwrap();
    assert!(answer.contains("“xx-none” is no law of the list."));
}

#[test]
fn law_of_another_country_is_refused_at_the_desk() {
    let desk = Desk::new();
    let token = desk.volunteer_signs_in();
    let entered = |name, kind, country, regime| {
        let fields = [
            ("csrf", token.as_str()),
            ("name", name),
            ("language", "el"),
            ("kind", kind),
            ("country", country),
            ("regime", regime),
        ];
        let answer = desk.post("/desk/authorities/new", &fields);
        (answer.status(), answer.into_string().unwrap_or_default())
    };
    let (status, page) = entered("Δήμος Αθηναίων", "municipality", "GR", "de-ifg");
    assert_eq!(status, Status::UnprocessableEntity);
    assert!(page.contains("is a law of Germany, and this is a body of Greece. Choose gr-kdd5."), "{page}");
    assert_eq!(entered("Δήμος Αθηναίων", "municipality", "GR", "eu-1049").0, Status::UnprocessableEntity);
    assert_eq!(entered("Frontex", "eu_agency", "PL", "pl-udip").0, Status::UnprocessableEntity);
    assert_eq!(
        entered("Frontex", "eu_agency", "PL", "eu-1049").0,
        Status::SeeOther,
        "the Union's, wherever it sits"
    );
    assert_eq!(entered("Strathbrae Police", "police", "GB", "gb-sct-foisa").0, Status::SeeOther);
    assert_eq!(entered("Northmoor Police", "police", "GB", "gb-foia").0, Status::SeeOther);

    assert_eq!(entered("Δήμος Αθηναίων", "municipality", "GR", "gr-kdd5").0, Status::SeeOther);
    let known = desk.page("/desk/authorities/4");
    assert!(known.contains("value=\"gr-kdd5\" selected") && !known.contains("value=\"fr-crpa\""), "{known}");
    let answer =
        desk.post("/desk/authorities/4", &[("csrf", &token), ("address", ""), ("regime", "fr-crpa")]);
    assert_eq!(answer.status(), Status::UnprocessableEntity);
    assert!(answer.into_string().unwrap().contains("is a law of France, and this is a body of Greece."));
}

const TABLE: &str = "name,name_local,country,type,place,email,law,wikidata,source,source_id,status,colour\n\
    City of Brandau,Stadt Brandau,DE,municipality,Brandau,post@brandau.example,de-nw-ifg,Q1,list,7,active,red\n\
    Brandau Police,Polizei Brandau,DE,police,Brandau,someone@gmail.com,,,list,8,,\n\
    Nowhere,,DE,castle,,,,,,,,\n\
    Old Office,,UK,ministry,,,gb-foia,,list,9,defunct,\n\
    City of Brandau,Stadt Brandau,DE,municipality,,,,Q1,,,,\n";

stories! {
    fn table_is_imported_once_and_nothing_is_deleted(site: &mut Site) {
        let dry = import(&site.ctx, &mut site.conn(), TABLE.as_bytes(), true).unwrap();
        assert_eq!((dry.new, dry.changed, dry.same, dry.invalid), (3, 0, 0, 2));
        assert!(desk::authorities::counts(&mut site.conn()).unwrap().is_empty(), "a dry run writes nothing");
        let first = import(&site.ctx, &mut site.conn(), TABLE.as_bytes(), false).unwrap();
        assert_eq!(first, dry, "the dry run told what was done");
        assert_eq!(first.unknown_columns, ["colour"]);
        let said: Vec<(u64, bool)> = first.remarks.iter().map(|r| (r.line, r.words.contains("castle") || r.words.contains("gmail") || r.words.contains("line 2") || r.words.contains("column `part`"))).collect();
        assert_eq!(said, [(3, true), (3, true), (4, true), (6, true)]);
        let counts = desk::authorities::counts(&mut site.conn()).unwrap();
        for state in [AuthorityState::Ready, AuthorityState::NeedsAddress, AuthorityState::Defunct] {
            assert_eq!(counts.get(&state), Some(&1), "{state}");
        }
        let second = import(&site.ctx, &mut site.conn(), TABLE.as_bytes(), false).unwrap();
        assert_eq!((second.new, second.changed, second.same), (0, 0, 3));

        let later = "name,country,type,email,source,source_id\nRenamed,DE,municipality,neu@brandau.example,list,7\n";
        let third = import(&site.ctx, &mut site.conn(), later.as_bytes(), false).unwrap();
        assert_eq!((third.new, third.changed), (0, 1));
        assert_eq!(third.missing, ["Old Office", "Polizei Brandau"], "told, and left as they are");
        let id = authorities::by_identifier(&mut site.conn(), "wikidata", "Q1").unwrap().unwrap().id;
        assert_eq!(authorities::address(&mut site.conn(), id).unwrap().as_deref(), Some("neu@brandau.example"));
        assert_eq!(authorities::load(&mut site.conn(), &[id]).unwrap()[0].0.name, "Stadt Brandau");
        assert_eq!(audit::verify(&mut site.conn()).unwrap(), (3, None));
    }

    fn law_of_another_country_is_refused_and_an_old_one_is_loud_before_sending(site: &mut Site) {
        let table = "name,country,type,law\nMairie de Lyon,FR,municipality,gr-kdd5\nVille de Metz,FR,municipality,fr-crpa\n\
            Nowhere,XX,police,\nFrontex,PL,eu_agency,eu-1049\nGhent,BE,municipality,be-vlg\n";
        let report = import(&site.ctx, &mut site.conn(), table.as_bytes(), false).unwrap();
        assert_eq!((report.new, report.invalid), (3, 2), "{report:?}");
        assert_eq!(report.remarks[0].words, "expected `fr-crpa` for a body of France, found `gr-kdd5` of Greece");
        assert_eq!(report.remarks[1].words, "expected a country's code of ISO 3166-1, or EU, under `country`, found `XX`");

        // As it stood in a register before anybody checked.
        let lyon = site.authority("Mairie de Lyon", (AuthorityKind::Municipality, "fr-crpa", "fr"), "lyon.example");
        authorities::set_regime(&mut site.conn(), lyon, Some("gr-kdd5")).unwrap();
        let read = |authority| filing::preview(&site.ctx, &mut site.conn(), 1, &filing_of(&[authority], "f")).unwrap().remove(0);
        let letter = read(lyon);
        assert_eq!(letter.alarms.len(), 1);
        assert!(letter.alarms[0].contains("is a law of Greece, and this is a body of France. Right would be fr-crpa."), "{:?}", letter.alarms);
        authorities::set_regime(&mut site.conn(), lyon, Some("fr-crpa")).unwrap();
        assert!(read(lyon).alarms.is_empty());

        // A law of the right country that binds other bodies.
        let police = site.authority("Polizei Hessen", (AuthorityKind::Police, "de-he-hdsig", "de"), "hessen.example");
        let alarms = read(police).alarms;
        assert!(alarms.len() == 1 && alarms[0].starts_with("This law does not bind a police"), "{alarms:?}");
    }

    fn who_an_authority_is_can_be_mended_and_its_address_stays(desk: &mut Desk) {
        let id = desk.authority("Polizei Brandua");
        let token = desk.volunteer_signs_in();
        let (page, path) = (format!("/desk/authorities/{id}"), format!("/desk/authorities/{id}/who"));
        let post = |name, kind, language| {
            let fields = [("csrf", token.as_str()), ("name", name), ("name_en", "Brandau Police"), ("kind", kind), ("language", language), ("place", " Brandau  am See ")];
            let answer = desk.post(&path, &fields);
            (answer.status(), answer.into_string().unwrap_or_default())
        };
        let (status, wrong) = post(" ", "castle", "de de");
        assert_eq!(status, Status::UnprocessableEntity);
        assert_eq!(wrong.matches("class=\"err\"").count(), 3, "{wrong}");
        assert_eq!(post("Polizei Brandau", "police", "de-DE").0, Status::SeeOther);
        let shown = desk.page(&page);
        assert!(shown.contains("Polizei Brandau</h1>") && shown.contains("value=\"Brandau am See\"") && shown.contains("value=\"de-ifg\" selected"), "{shown}");
        assert!(desk.page("/authorities/polizei-brandua").contains("Brandau Police"), "the slug stays");
        assert!(desk.page("/desk/authorities?q=see").contains("Polizei Brandau"), "a search finds it anew");

        // The law of a state does not bind a body of the Union.
        assert_eq!(post("Polizei Brandau", "eu_agency", "de-DE").0, Status::SeeOther);
        let shown = desk.page(&page);
        assert!(shown.contains("By the rules it answers under Reg. 1049/2001") && shown.contains("value=\"eu-1049\" selected"), "{shown}");
        assert!(!shown.contains(" selected>DE: "), "{shown}");
        assert_eq!(desk.post("/desk/authorities/77/who", &[("csrf", &token), ("name", "A"), ("kind", "police"), ("language", "de")]).status(), Status::NotFound);
        let conn = &mut desk.db.conn().unwrap();
        assert_eq!(audit::verify(conn).unwrap().1, None);
    }
}

stories! {
    fn row_without_identifiers_is_the_same_row_the_next_time(site: &mut Site) {
        let table = "name,country,type,place,source\nNobody,DE,police,Brandau,list\nNobody,DE,police,Neubrandau,list\n";
        let first = import(&site.ctx, &mut site.conn(), table.as_bytes(), false).unwrap();
        assert_eq!((first.new, first.same), (2, 0), "another place, another body: {first:?}");
        let again = import(&site.ctx, &mut site.conn(), table.as_bytes(), false).unwrap();
        assert_eq!((again.new, again.same, again.invalid), (0, 2, 0), "{again:?}");
        assert!(again.missing.is_empty() && again.remarks.is_empty(), "{again:?}");
        // Later the source numbers its bodies: the first number is this one's, the second another's.
        let numbered = "name,country,type,place,source,source_id\nNobody,DE,police,Brandau,list,1\nNobody,DE,police,Brandau,list,2\n";
        let told = import(&site.ctx, &mut site.conn(), numbered.as_bytes(), false).unwrap();
        assert_eq!((told.new, told.changed, told.same), (1, 1, 0), "{told:?}");
        let elsewhere = "name,country,type,place,source\nNobody,DE,police,Brandau,another\n";
        let told = import(&site.ctx, &mut site.conn(), elsewhere.as_bytes(), false).unwrap();
        assert_eq!((told.new, told.remarks.len()), (1, 4), "another source may mean another body: {told:?}");
    }

    fn code_of_a_place_is_shared_and_an_item_is_not(site: &mut Site) {
        let table = "name,country,type,lau,nuts,wikidata,source,source_id\n\
            Stadt Brandau,DE,municipality,01234567,DEA11,Q1,list,1\n\
            Polizei Brandau,DE,police,01234567,DEA11,Q2,list,2\n\
            Schule Brandau,DE,school,01234567,DEA11,,list,3\n";
        let first = import(&site.ctx, &mut site.conn(), table.as_bytes(), false).unwrap();
        assert_eq!(first.new, 3);
        let open = |r: &Remark| r.words.starts_with("entered without a law: Such bodies of Germany have no one law");
        assert!(first.remarks.len() == 3 && first.remarks.iter().all(open), "two numbers, two Länder: {first:?}");
        let again = import(&site.ctx, &mut site.conn(), table.as_bytes(), false).unwrap();
        assert_eq!((again.new, again.changed, again.same), (0, 0, 3), "{again:?}");
        assert_eq!(authorities::by_identifier(&mut site.conn(), "lau", "DE:01234567").unwrap(), None);

        let school = "name,country,type,wikidata,source,source_id\nSchule,DE,school,Q2,list,3\n";
        let told = import(&site.ctx, &mut site.conn(), school.as_bytes(), false).unwrap();
        assert_eq!((told.new, told.changed, told.same), (0, 0, 1));
        assert_eq!(told.remarks[0].words, "`wikidata:Q2` belongs to `polizei-brandau` and was not given to this one: which of them is it?");

        let places = "name,country,type,source,source_id\nSchule,DE,school,lau,3\n";
        assert_eq!(import(&site.ctx, &mut site.conn(), places.as_bytes(), false).unwrap().invalid, 1);

        let admin = site.person("Tilo", Role::Admin);
        let mut new = keeping::Newcomer {
            name: "Bauhof Brandau".to_owned(),
            name_en: None,
            language: "de".to_owned(),
            kind: AuthorityKind::Municipality,
            country: "DE".to_owned(),
            place: "Brandau".to_owned(),
            part: None,
            entry: keeping::Entry::default(),
            website: None,
            identifiers: vec![("lau".to_owned(), "DE:01234567".to_owned()), ("wikidata".to_owned(), "Q1".to_owned())],
            another: false,
        };
        let refused = keeping::add(&site.ctx, &mut site.conn(), admin, &new).unwrap_err().to_string();
        assert_eq!(refused, "expected an identifier that nobody has yet, found `wikidata:Q1` of `stadt-brandau`");
        new.identifiers.pop();
        let (added, settled) = keeping::add(&site.ctx, &mut site.conn(), admin, &new).unwrap();
        assert_eq!(settled.regime.map(String::from).as_deref(), Some("de-sh-izg"), "the number of its place tells the Land");
        let mut conn = site.conn();
        let lau = ("lau", "DE:01234567");
        assert_eq!(authorities::identify(&mut conn, added, lau).unwrap(), Identified::Same);
        let taken = authorities::identify(&mut conn, added, ("wikidata", "Q2")).unwrap();
        assert!(matches!(taken, Identified::Taken(other) if other.slug == "polizei-brandau"));
    }

    fn table_without_its_columns_is_refused(site: &mut Site) {
        for (csv, missing) in [("", "name"), ("name,country\nA,DE\n", "type")] {
            let refused = import(&site.ctx, &mut site.conn(), csv.as_bytes(), false);
            assert!(matches!(&refused, Err(Error::NoColumn(column)) if *column == missing), "{refused:?}");
        }
        let broken = b"name,country,type\n\xff\xfe,DE,police\nA,DE,police,more\nB,Germany,police\n".as_slice();
        let report = import(&site.ctx, &mut site.conn(), broken, false).unwrap();
        assert_eq!((report.new, report.invalid), (0, 3), "{report:?}");
    }
}
