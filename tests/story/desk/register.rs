//! The register grows: authorities entered by hand, and from a table.

use super::Desk;
use crate::support::{Site, stories};
use askance::domain::authority::AuthorityState;
use askance::service::authorities::import::{Error, import};
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
        ("regime", "de-ifg"),
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
        let said: Vec<(u64, bool)> = first.remarks.iter().map(|r| (r.line, r.words.contains("castle") || r.words.contains("gmail") || r.words.contains("line 2"))).collect();
        assert_eq!(said, [(3, true), (4, true), (6, true)]);
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
        let id = authorities::by_identifier(&mut site.conn(), "wikidata", "Q1").unwrap().unwrap();
        assert_eq!(authorities::address(&mut site.conn(), id).unwrap().as_deref(), Some("neu@brandau.example"));
        assert_eq!(authorities::load(&mut site.conn(), &[id]).unwrap()[0].0.name, "Stadt Brandau");
        assert_eq!(audit::verify(&mut site.conn()).unwrap(), (3, None));
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
