//! How often one network address may try to sign in, and whose word for an address is taken (R38).

use super::{ACTIVIST, Desk, VOLUNTEER};
use crate::support::stories;
use askance::service::sign_in::{self, Asking, Error};
use askance::store::AnyConn;
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use rocket::http::{ContentType, Header, Status};
use rocket::local::blocking::LocalResponse;
use std::net::SocketAddr;

/// Where a try comes from: the connection, and what stands in `X-Real-IP`.
type From<'a> = (&'a str, &'a [&'a str]);

fn signs_in<'a>(
    desk: &'a Desk,
    (peer, told): From<'_>,
    (email, password): (&str, &str),
) -> LocalResponse<'a> {
    let token = desk.token("/desk/sign-in");
    let fields = [("csrf", token.as_str()), ("email", email), ("password", password)];
    let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = desk.client.post("/desk/sign-in").header(ContentType::Form).body(body);
    request.set_remote(peer.parse::<SocketAddr>().unwrap());
    for address in told {
        request.add_header(Header::new("X-Real-IP", (*address).to_owned()));
    }
    request.dispatch()
}

/// Whether the right password is let in from there; whoever is in goes out again.
fn is_let_in(desk: &Desk, from: From<'_>) -> bool {
    let status = signs_in(desk, from, (VOLUNTEER, &desk.volunteer)).status();
    if status == Status::SeeOther {
        let token = desk.token("/desk");
        assert_eq!(desk.post("/desk/sign-out", &[("csrf", &token)]).status(), Status::SeeOther);
    } else {
        assert_eq!(status, Status::TooManyRequests);
    }
    status == Status::SeeOther
}

/// As many wrong tries as an address has, at ever other accounts.
fn guesses(desk: &Desk, from: From<'_>) {
    for number in 0..20 {
        let email = format!("person-{number}@klarblick.example");
        assert_eq!(signs_in(desk, from, (&email, "guess")).status(), Status::UnprocessableEntity, "{number}");
    }
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    account_hash: String,
    #[diesel(sql_type = Text)]
    network_hash: String,
}

fn rows(desk: &Desk) -> Vec<Row> {
    let all = diesel::sql_query("SELECT account_hash, network_hash FROM sign_in_attempts");
    match &mut *desk.db.conn().unwrap() {
        AnyConn::Sqlite(c) => all.load(c).unwrap(),
        AnyConn::Postgres(c) => all.load(c).unwrap(),
    }
}

stories! {
    fn the_twenty_first_try_from_one_address_waits_whatever_the_account(desk: &mut Desk) {
        let here: From<'_> = ("203.0.113.7:4000", &[]);
        assert!(is_let_in(desk, here));
        assert_eq!(rows(desk).len(), 0, "a try that was right is forgotten");
        guesses(desk, here);
        let refused = signs_in(desk, ("203.0.113.7:4999", &[]), (VOLUNTEER, &desk.volunteer));
        assert_eq!(refused.status(), Status::TooManyRequests);
        assert_eq!(refused.headers().get_one("Retry-After"), Some("900"));
        let page = refused.into_string().unwrap();
        assert!(page.contains("Try again in 15 minutes.") && page.contains("name=\"password\""), "{page}");

        assert!(is_let_in(desk, ("203.0.113.8:4000", &[])), "another address, and no account was barred");
        assert!(is_let_in(desk, ("[2001:db8::1]:4000", &[])));
        desk.later(TimeDelta::minutes(10));
        let refused = signs_in(desk, here, (ACTIVIST, &desk.activist));
        assert_eq!(refused.headers().get_one("Retry-After"), Some("300"), "trying on does not prolong it");
        drop(refused);
        desk.later(TimeDelta::minutes(5));
        assert!(is_let_in(desk, here));
        assert_eq!(rows(desk).len(), 0, "old tries are forgotten");
    }

    fn a_session_outlives_the_tries_of_others_at_its_address(desk: &mut Desk) {
        let here: From<'_> = ("203.0.113.7:4000", &[]);
        assert_eq!(signs_in(desk, here, (ACTIVIST, &desk.activist)).status(), Status::SeeOther);
        let session = desk.client.cookies().get("askance_session").unwrap().clone();
        let token = desk.token("/desk/requests");
        let stranger = |number: i64| Asking {
            email: format!("person-{number}@klarblick.example"),
            password: "guess".to_owned(),
            address: "203.0.113.7".parse().ok(),
        };
        for number in 0..25 {
            let told = sign_in::sign_in(&desk.ctx, &mut desk.db.conn().unwrap(), &stranger(number)).unwrap_err();
            assert_eq!(matches!(told, Error::TooManyTries(900)), number >= 20, "{number}: {told}");
        }
        assert_eq!(desk.client.get("/desk/requests").cookie(session).dispatch().status(), Status::Ok);
        assert_eq!(desk.post("/desk/sign-out", &[("csrf", &token)]).status(), Status::SeeOther);
    }

    fn no_more_than_twenty_of_many_tries_side_by_side_are_looked_at(desk: &mut Desk) {
        let (ctx, db) = (&desk.ctx, &desk.db);
        let refused: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..30)
                .map(|number| {
                    scope.spawn(move || {
                        let asking = Asking {
                            // Some accounts are tried from several threads.
                            email: format!("person-{}@klarblick.example", number % 15),
                            password: "guess".to_owned(),
                            address: "2001:db8:0:7::1".parse().ok(),
                        };
                        matches!(sign_in::sign_in(ctx, &mut db.conn().unwrap(), &asking), Err(Error::TooManyTries(_)))
                    })
                })
                .collect();
            tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
        });
        assert_eq!(refused, 10);
        assert_eq!(rows(desk).len(), 20);
    }
}

#[test]
fn a_household_of_ipv6_is_one_address_and_a_mapped_one_is_its_ipv4() {
    let desk = Desk::new();
    guesses(&desk, ("[2001:db8:0:7::1]:4000", &[]));
    assert!(!is_let_in(&desk, ("[2001:db8:0:7:ffff:ffff:ffff:ffff]:4000", &[])));
    assert!(is_let_in(&desk, ("[2001:db8:0:8::1]:4000", &[])));
    guesses(&desk, ("198.51.100.4:4000", &[]));
    assert!(!is_let_in(&desk, ("[::ffff:198.51.100.4]:4000", &[])));
    assert!(is_let_in(&desk, ("[::ffff:198.51.100.5]:4000", &[])));
}

#[test]
fn only_a_web_server_nearby_is_believed_whom_it_serves() {
    let desk = Desk::new();
    guesses(&desk, ("127.0.0.1:4000", &["203.0.113.7"]));
    for near in
        ["127.0.0.1:9", "10.1.2.3:9", "192.168.0.9:9", "[::1]:9", "[fd00::5]:9", "[::ffff:172.16.0.1]:9"]
    {
        assert!(!is_let_in(&desk, (near, &["203.0.113.7"])), "{near}");
        assert!(is_let_in(&desk, (near, &["203.0.113.8"])), "{near}");
    }
    assert!(!is_let_in(&desk, ("203.0.113.7:9", &["203.0.113.8"])), "nobody far away chooses an address");
    assert!(is_let_in(&desk, ("203.0.113.9:9", &["203.0.113.7"])), "nor puts a try on another's account");
    // What is no address, or said twice, is not believed: the connection counts.
    for told in [&["nonsense"][..], &["203.0.113.7", "203.0.113.8"], &["203.0.113.7, 203.0.113.8"]] {
        assert!(is_let_in(&desk, ("10.1.2.3:9", told)), "{told:?}");
    }
}

#[test]
fn no_header_is_believed_unless_the_operator_names_one() {
    let usual = figment::Figment::from(rocket::Config::default()).merge(askance::config::figment().unwrap());
    assert_eq!(usual.extract::<rocket::Config>().unwrap().ip_header, None);
    let named = usual.merge(("ip_header", "X-Real-IP")).extract::<rocket::Config>().unwrap();
    assert_eq!(named.ip_header.unwrap().as_str(), "X-Real-IP");
}

#[test]
fn what_is_kept_of_an_address_tells_it_to_nobody() {
    let desk = Desk::new();
    let kept = |desk: &Desk| {
        let row = rows(desk).pop().unwrap();
        assert_eq!((row.account_hash.len(), row.network_hash.len()), (64, 64));
        row.network_hash
    };
    assert_eq!(
        signs_in(&desk, ("203.0.113.7:9", &[]), ("x@y.example", "guess")).status(),
        Status::UnprocessableEntity
    );
    let here = kept(&desk);
    for bare in [&b"203.0.113.7"[..], &[203, 0, 113, 7], b"askance network\0\xcb\0q\x07"] {
        assert_ne!(here, askance::store::blobs::sha256(bare), "without a key all addresses are soon tried");
    }
}
