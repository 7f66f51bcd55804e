//! The law of an authority is chosen at the desk and from a table, with its reasons; what is open asks.

use super::Desk;
use crate::support::{Backend, Site, filing_of, stories};
use askance::command::demo_authorities::cast;
use askance::domain::authority::AuthorityKind;
use askance::service::authorities as keeping;
use askance::service::authorities::import::import;
use askance::service::authorities::law::{Facts, Wanted, settle};
use askance::service::filing;
use askance::store::types::Role;
use askance::store::{audit, authorities};
use rocket::http::Status;

/// What a volunteer types, posted to the form; status and page.
fn enters(desk: &Desk, token: &str, fields: &[(&str, &str)]) -> (Status, String) {
    let fields = [&[("csrf", token), ("language", "de")], fields].concat();
    let answer = desk.post("/desk/authorities/new", &fields);
    let to = answer.headers().get_one("Location").map(str::to_owned);
    let status = answer.status();
    let page = answer.into_string().unwrap_or_default();
    (status, to.map_or(page, |to| desk.page(&to)))
}

stories! {
    fn law_is_chosen_by_the_body_and_the_page_says_why(desk: &mut Desk) {
        let token = desk.volunteer_signs_in();
        let federal = [("name", "Bundespolizeidirektion Koblenz"), ("kind", "police"), ("country", "DE")];
        let (status, page) = enters(desk, &token, &federal);
        assert_eq!(status, Status::SeeOther);
        assert!(page.contains("It answers under IFG (Bund), Federal Freedom of Information Act: Bundespolizeidirektion Koblenz is a federal body"), "{page}");
        assert!(page.contains("<h2 id=\"h-why\">Why this law</h2>") && page.contains("<span class=\"cite\">§ 1 Abs. 1 IFG</span>"), "{page}");
        let public = desk.page("/authorities/bundespolizeidirektion-koblenz");
        assert!(public.contains("<dt>Why</dt><dd>Bundespolizeidirektion Koblenz is a federal body: the federal Act holds, whatever Land it stands in"), "{public}");
    }

    fn part_of_the_country_is_asked_for_where_the_law_turns_on_it(desk: &mut Desk) {
        let token = desk.volunteer_signs_in();
        let mut fields = vec![("name", "Stadt Neubrandau"), ("kind", "municipality"), ("country", "DE")];
        let (status, page) = enters(desk, &token, &fields);
        assert_eq!(status, Status::UnprocessableEntity);
        assert!(page.contains("id=\"f-part-err\">Such bodies of Germany have no one law") && page.contains("<option value=\"DE-NW\">"), "{page}");
        fields.push(("part", "FR-75"));
        let (status, page) = enters(desk, &token, &fields);
        assert!(status == Status::UnprocessableEntity && page.contains("“FR-75” is no part of this country."), "{page}");
        fields[3] = ("part", "DE-NW");
        let (status, page) = enters(desk, &token, &fields);
        assert_eq!(status, Status::SeeOther);
        assert!(page.contains("value=\"de-nw-ifg\" selected") && page.contains("value=\"DE-NW\" selected"), "{page}");
        // A number of the place tells it as well.
        let fields = [("name", "Stadt Altbrandau"), ("kind", "municipality"), ("country", "DE"), ("identifiers", "ags:05315000")];
        let (status, page) = enters(desk, &token, &fields);
        assert!(status == Status::SeeOther && page.contains("value=\"de-nw-ifg\" selected"), "{page}");
    }

    fn conflict_asks_with_a_reason_for_each_law(desk: &mut Desk) {
        let token = desk.volunteer_signs_in();
        let mut fields = vec![("name", "Zone de police Brandaule"), ("kind", "police"), ("country", "BE"), ("part", "BE-WAL")];
        let (status, page) = enters(desk, &token, &fields);
        assert_eq!(status, Status::UnprocessableEntity);
        assert!(page.contains("is disputed between the federal act and the law of Wallonia. Say which."), "{page}");
        for law in ["be-wal", "be-fed", "open"] {
            assert!(page.contains(&format!("type=\"radio\" name=\"regime\" value=\"{law}\"")), "{law}: {page}");
        }
        assert!(page.contains("The integrated police is organised by federal law"), "{page}");
        fields.push(("regime", "open"));
        let (status, page) = enters(desk, &token, &fields);
        assert_eq!(status, Status::SeeOther);
        assert!(page.contains("Its law is open") && page.contains("type=\"radio\" name=\"regime\" value=\"be-wal\""), "the page goes on asking: {page}");
        let kept = desk.post("/desk/authorities/1", &[("csrf", &token), ("address", ""), ("regime", "be-wal")]);
        assert_eq!(kept.status(), Status::SeeOther);
        drop(kept);
        let page = desk.page("/desk/authorities/1");
        assert!(page.contains("value=\"be-wal\" selected") && page.contains("A police zone is made of municipalities"), "{page}");
    }

    fn body_outside_the_law_is_told_plainly_and_gets_no_letter(desk: &mut Desk) {
        let token = desk.volunteer_signs_in();
        let fields = [("name", "Polizei Hessen"), ("kind", "police"), ("country", "DE"), ("address", "post@polizei-hessen.example")];
        let (status, page) = enters(desk, &token, &fields);
        assert_eq!(status, Status::SeeOther);
        assert!(page.contains("No letter can rest on a right there") && page.contains("§ 81 Abs. 2 Nr. 1 HDSIG"), "{page}");
        assert!(page.contains("The federal Act does not reach police of a Land."), "{page}");
        assert!(desk.page("/authorities/polizei-hessen").contains("None: no letter can rest on a right to information there"));
        let conn = &mut desk.db.conn().unwrap();
        let drafts = filing::preview(&desk.ctx, conn, 1, &filing_of(&[1], "hesse")).unwrap();
        assert!(drafts[0].impossible.as_deref().is_some_and(|words| words.starts_with("Hesse leaves its police out")), "{:?}", drafts[0].impossible);
    }

    fn another_law_needs_a_reason_that_is_kept(desk: &mut Desk) {
        let token = desk.volunteer_signs_in();
        let mut fields = vec![("name", "Bundespolizei Brandau"), ("kind", "police"), ("country", "DE"), ("regime", "de-nw-ifg")];
        let (status, page) = enters(desk, &token, &fields);
        assert_eq!(status, Status::UnprocessableEntity);
        assert!(page.contains("id=\"f-reason-err\">By the rules it is IFG (Bund)") && page.contains("Say why it is IFG NRW"), "{page}");
        fields.push(("reason", "Its museum belongs to the city"));
        let (status, page) = enters(desk, &token, &fields);
        assert_eq!(status, Status::SeeOther);
        assert!(page.contains("Chosen by a person, not by the rules: Its museum belongs to the city") && page.contains("By the rules it would be: IFG (Bund)"), "{page}");
        assert!(desk.page("/authorities/bundespolizei-brandau").contains("Chosen by a person: Its museum belongs to the city"));
        let back = [("csrf", token.as_str()), ("address", ""), ("regime", "de-sh-izg")];
        assert_eq!(desk.post("/desk/authorities/1", &back).status(), Status::UnprocessableEntity, "another law, no reason");
        let back = [("csrf", token.as_str()), ("address", ""), ("regime", "de-ifg")];
        assert_eq!(desk.post("/desk/authorities/1", &back).status(), Status::SeeOther, "the law of the rules needs none");
        assert!(!desk.page("/desk/authorities/1").contains("Chosen by a person"));
        let conn = &mut desk.db.conn().unwrap();
        assert_eq!(audit::verify(conn).unwrap().1, None);
    }

    fn part_that_is_mended_brings_the_law(desk: &mut Desk) {
        let token = desk.volunteer_signs_in();
        let fields = [("name", "Stadt Neubrandau"), ("kind", "municipality"), ("country", "DE"), ("regime", "open")];
        assert_eq!(enters(desk, &token, &fields).0, Status::SeeOther);
        let who = |part| {
            let fields = [("csrf", token.as_str()), ("name", "Stadt Neubrandau"), ("language", "de"), ("kind", "municipality"), ("part", part)];
            desk.post("/desk/authorities/1/who", &fields).status()
        };
        assert_eq!(who("nowhere"), Status::UnprocessableEntity);
        assert_eq!(who("DE-SH"), Status::SeeOther);
        let page = desk.page("/desk/authorities/1");
        assert!(page.contains("By the rules it answers under IZG-SH") && page.contains("value=\"de-sh-izg\" selected"), "{page}");
    }
}

stories! {
    fn table_without_laws_gets_them_by_the_rules(site: &mut Site) {
        let table = "name,country,type,part,lau,law,law_reason\n\
            Bundeskriminalamt,DE,police,,,,\n\
            Stadt Kiel,DE,municipality,,01002000,,\n\
            Polizei Hessen,DE,police,,,,\n\
            Zone Brandaule,BE,police,BE-WAL,,,\n\
            Politie Brandau,BE,police,BE-VLG,,be-fed,\n\
            Stadt Nirgends,DE,municipality,,,,\n\
            Stadt Fern,DE,municipality,DE-HE,,de-nw-ifg,It moved\n\
            Stadt Fern II,DE,municipality,DE-HE,,de-nw-ifg,\n\
            Stadt Falsch,DE,municipality,FR-75,,,\n\
            Leith Council,GB,municipality,GB-SCT,,,\n\
            Gemeente Brandau,BE,municipality,BE-VLG,,,\n\
            Kantonspolizei Brandau,CH,police,CH-ZH,,,\n";
        let report = import(&site.ctx, &mut site.conn(), table.as_bytes(), false).unwrap();
        assert_eq!((report.new, report.invalid), (11, 1), "{report:?}");
        let said: Vec<(u64, &str)> = report.remarks.iter().map(|remark| (remark.line, remark.words.as_str())).collect();
        for (line, words) in [
            (4, "entered, but Hesse leaves its police out of the law"),
            (5, "entered without a law: Which law binds a local police zone is disputed"),
            (7, "entered without a law: Such bodies of Germany have no one law"),
            (9, "the file says `de-nw-ifg`, which is kept; by the rules: Municipalities and districts of Hesse"),
            (10, "expected a part of `DE` under `part`, found `FR-75`"),
            (13, "entered, but Kantonspolizei Brandau is a body of Zürich"),
        ] {
            assert!(said.iter().any(|(at, told)| *at == line && told.starts_with(words)), "{line} {words}: {said:?}");
        }
        assert_eq!(said.len(), 6, "{said:?}");
        let kept = |slug: &str| {
            let id = authorities::by_slug(&mut site.conn(), slug).unwrap().unwrap();
            let (row, _) = authorities::load(&mut site.conn(), &[id]).unwrap().remove(0);
            (row.regime, row.regime_reason, row.subdivision, row.language)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(kept("bundeskriminalamt"), (some("de-ifg"), None, None, "de-DE".to_owned()));
        assert_eq!(kept("stadt-kiel"), (some("de-sh-izg"), None, some("DE-SH"), "de-DE".to_owned()));
        assert_eq!(kept("politie-brandau").0, some("be-fed"));
        assert_eq!(kept("stadt-fern").1, some("It moved"));
        assert_eq!(kept("stadt-fern-ii").1, some("the table it was taken from says so"));
        assert_eq!(kept("leith-council").0, some("gb-sct-foisa"));
        let (law, _, _, language) = kept("gemeente-brandau");
        assert!(law == some("be-vlg") && language.starts_with("nl"), "the law's own language: {language}");

        // The next table tells the part: the law follows.
        let later = "name,country,type,part\nStadt Nirgends,DE,municipality,DE-NW\n";
        let report = import(&site.ctx, &mut site.conn(), later.as_bytes(), false).unwrap();
        assert_eq!((report.changed, report.remarks.len()), (1, 0), "{report:?}");
        assert_eq!(kept("stadt-nirgends").0, some("de-nw-ifg"));
    }

    fn no_law_by_a_by_law_is_kept_with_its_reason(site: &mut Site) {
        let admin = site.person("Tilo", Role::Admin);
        let city = site.authority("Stadt Brandau", (AuthorityKind::Municipality, "de-he-hdsig", "de"), "brandau.example");
        authorities::set_subdivision(&mut site.conn(), city, "DE-HE").unwrap();
        let entry = keeping::Entry { address: None, law: Wanted::NoLaw };
        keeping::keep(&site.ctx, &mut site.conn(), admin, (city, &entry)).unwrap();
        let (row, _) = authorities::load(&mut site.conn(), &[city]).unwrap().remove(0);
        assert_eq!((row.regime, row.regime_reason.as_deref()), (None, Some("It has no such by-law: no right")));
    }
}

/// What we ship ourselves agrees with the rules.
#[test]
fn cast_of_the_demonstration_answers_under_the_laws_of_the_rules() {
    let site = Site::new(Backend::Sqlite);
    for member in cast() {
        let names = (member.name, Some(member.name_en));
        let facts = Facts {
            country: member.country,
            kind: member.kind.parse().unwrap(),
            names,
            part: None,
            identifiers: &[],
        };
        let said = Wanted::This(member.regime.parse().unwrap(), None);
        let settled = settle(&site.ctx, &facts, &said).unwrap_or_else(|e| panic!("{}: {e:?}", member.name));
        assert_eq!(settled.reason, None, "{}", member.name);
        assert!(settled.choice.reason_for(settled.regime.as_ref()).is_some(), "{}", member.name);
    }
}
