//! Who may come in, how long they stay, and forms that only our pages can send.

use super::{ACTIVIST, Desk, REFUSAL, VOLUNTEER};
use crate::support::stories;
use chrono::TimeDelta;
use rocket::http::{ContentType, Header, Method, Status};

#[test]
fn sign_in_leads_to_no_other_place_than_the_desk() {
    let desk = Desk::new();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/desk/../x",
        "/desk//evil.example",
        "/desk@evil.example",
        "javascript:alert(1)",
        "/requests",
        "/desk\r\nX: y",
        "desk",
    ] {
        let token = desk.token("/desk/sign-in");
        let fields =
            [("csrf", token.as_str()), ("email", VOLUNTEER), ("password", &desk.volunteer), ("next", next)];
        let answer = desk.post("/desk/sign-in", &fields);
        assert_eq!(answer.headers().get_one("Location"), Some("/desk"), "{next}");
        drop(answer);
        let token = desk.token("/desk");
        assert_eq!(desk.post("/desk/sign-out", &[("csrf", &token)]).status(), Status::SeeOther);
    }
}

#[test]
fn wrong_password_and_unknown_account_get_the_same_answer() {
    let desk = Desk::new();
    let known = desk.try_to_sign_in(VOLUNTEER, "wrong");
    assert_eq!(known.status(), Status::UnprocessableEntity);
    let known = known.into_string().unwrap().replace(VOLUNTEER, "someone");
    let unknown = desk.try_to_sign_in("nobody@klarblick.example", "wrong");
    assert_eq!(unknown.status(), Status::UnprocessableEntity);
    let unknown = unknown.into_string().unwrap().replace("nobody@klarblick.example", "someone");
    assert_eq!(known, unknown);
    assert!(known.contains("do not belong together"));
}

#[test]
fn cookie_is_bound_to_the_host_over_https() {
    let desk = Desk::at("https://askance.example");
    let answer = desk.get("/desk/sign-in");
    let set = answer.headers().get_one("Set-Cookie").unwrap();
    assert!(set.starts_with("__Host-askance_visit="), "{set}");
    for flag in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(set.contains(flag), "{flag} in {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
}

#[test]
fn activist_sees_no_mail() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
    desk.try_to_sign_in(ACTIVIST, &desk.activist);
    assert_eq!(desk.get("/desk").headers().get_one("Location"), Some("/desk/requests"));
    for path in [
        "/desk/messages/1",
        "/desk/messages/1/raw",
        "/desk/messages/1/attachments/0",
        "/desk/authorities",
        "/desk/messages/77",
    ] {
        assert_eq!(desk.get(path).status(), Status::NotFound, "{path}");
    }
    let page = desk.page(&format!("/desk/requests/{reference}"));
    assert!(!page.contains("abgelehnt") && !page.contains("Bescheid"));
    assert!(!page.contains(&desk.reply_address(&reference)), "the address of another's request is a secret");
    let token = desk.token("/desk/requests");
    for path in ["/desk/messages/1/accept", "/desk/messages/1/settle", "/desk/authorities/1"] {
        assert_eq!(desk.post(path, &[("csrf", &token)]).status(), Status::NotFound, "{path}");
    }
    let foreign = desk.post(&format!("/desk/requests/{reference}/take-back"), &[("csrf", &token)]);
    assert_eq!(foreign.status(), Status::NotFound);
}

stories! {
    fn stranger_is_asked_to_sign_in_and_led_on(desk: &mut Desk) {
        for (path, next) in [
            ("/desk", "/desk/sign-in"),
            ("/desk/requests?q=x", "/desk/sign-in?next=%2Fdesk%2Frequests%3Fq%3Dx"),
            ("/desk/messages/1", "/desk/sign-in?next=%2Fdesk%2Fmessages%2F1"),
            ("/desk/messages/1/raw", "/desk/sign-in?next=%2Fdesk%2Fmessages%2F1%2Fraw"),
        ] {
            let answer = desk.get(path);
            assert_eq!(answer.status(), Status::SeeOther, "{path}");
            assert_eq!(answer.headers().get_one("Location"), Some(next), "{path}");
        }
        let token = desk.token("/desk/sign-in");
        let fields = [
            ("csrf", token.as_str()),
            ("email", VOLUNTEER),
            ("password", desk.volunteer.as_str()),
            ("next", "/desk/requests?q=x"),
        ];
        let answer = desk.post("/desk/sign-in", &fields);
        assert_eq!(answer.headers().get_one("Location"), Some("/desk/requests?q=x"));
    }

    fn sixth_try_waits_even_with_the_right_password(desk: &mut Desk) {
        for email in [VOLUNTEER, "nobody@klarblick.example"] {
            for _ in 0..5 {
                assert_eq!(desk.try_to_sign_in(email, "wrong").status(), Status::UnprocessableEntity);
            }
            assert_eq!(desk.try_to_sign_in(email, &desk.volunteer).status(), Status::TooManyRequests, "{email}");
        }
        let other = desk.try_to_sign_in(ACTIVIST, &desk.activist);
        assert_eq!(other.status(), Status::SeeOther, "tries at one account bar no other");
        desk.later(TimeDelta::minutes(16));
        let token = desk.token("/desk/requests");
        desk.post("/desk/sign-out", &[("csrf", &token)]);
        assert_eq!(desk.try_to_sign_in(VOLUNTEER, &desk.volunteer).status(), Status::SeeOther);
    }

    fn no_form_of_the_desk_works_without_its_token(desk: &mut Desk) {
        // An administrator: whoever may do everything is the one to forge for.
        desk.volunteer_signs_in();
        let mut conn = desk.db.conn().unwrap();
        let volunteer = askance::store::people::by_email(&mut conn, crate::story::desk::VOLUNTEER).unwrap().unwrap();
        askance::store::people::set_role(&mut conn, volunteer.id, askance::store::types::Role::Admin).unwrap();
        drop(conn);
        let token = desk.token("/desk");
        let mut checked = 0;
        let routes: Vec<(Method, String)> = desk
            .client
            .rocket()
            .routes()
            .filter(|route| route.uri.path().starts_with("/desk"))
            .filter(|route| !matches!(route.method, Method::Get | Method::Head | Method::Options))
            .map(|route| {
                (route.method, route.uri.path().replace("<reference>", "2026-0001").replace("<id>", "1").replace("<seq>", "1"))
            })
            .collect();
        for (method, path) in routes {
            assert!(!path.contains('<'), "say in this test what stands for the parts of {path}");
            let send = |body: String, headers: &[(&'static str, &'static str)]| {
                let mut request = desk.client.req(method, path.clone()).body(body);
                if headers.iter().all(|(name, _)| *name != "Content-Type") {
                    request = request.header(ContentType::Form);
                }
                for (name, value) in headers {
                    request.add_header(Header::new(*name, *value));
                }
                request.dispatch().status()
            };
            let with = format!("csrf={token}");
            assert_eq!(send("a=1".to_owned(), &[]), Status::Forbidden, "{path} without token");
            assert_eq!(send("csrf=".to_owned(), &[]), Status::Forbidden, "{path} with an empty token");
            assert_eq!(send("csrf=AAAA".to_owned(), &[]), Status::Forbidden, "{path} with a wrong token");
            let cross = [("Sec-Fetch-Site", "cross-site")];
            assert_eq!(send(with.clone(), &cross), Status::Forbidden, "{path} from another site");
            let foreign = [("Origin", "https://evil.example")];
            assert_eq!(send(with.clone(), &foreign), Status::Forbidden, "{path} from another origin");
            let plain = [("Content-Type", "text/plain")];
            assert_eq!(send(with, &plain), Status::Forbidden, "{path} as plain text");
            checked += 1;
        }
        assert!(checked >= 16, "only {checked} forms found");
        assert_eq!(desk.get("/desk").status(), Status::Ok, "none of it signed anyone out");
    }

    fn session_ends_when_unused_when_old_and_when_signed_out(desk: &mut Desk) {
        let open = || desk.get("/desk").status() == Status::Ok;
        desk.volunteer_signs_in();
        desk.later(TimeDelta::minutes(119));
        assert!(open(), "used within two hours");
        desk.later(TimeDelta::minutes(121));
        assert!(!open(), "unused for two hours");
        desk.volunteer_signs_in();
        for _ in 0..7 {
            desk.later(TimeDelta::minutes(100));
            assert!(open(), "in use");
        }
        desk.later(TimeDelta::minutes(30));
        assert!(!open(), "twelve hours old");
        let token = desk.volunteer_signs_in();
        let cookie = desk.client.cookies().get("askance_session").unwrap().value().to_owned();
        let answer = desk.post("/desk/sign-out", &[("csrf", &token)]);
        assert_eq!(answer.headers().get_one("Clear-Site-Data"), Some("\"cache\", \"storage\""));
        drop(answer);
        let replay = desk.client.get("/desk").cookie(("askance_session", cookie)).dispatch();
        assert_eq!(replay.status(), Status::SeeOther, "the old cookie is worth nothing");
    }
}
