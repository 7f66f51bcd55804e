//! R5: the same letter from another form is asked about, never sent twice in silence.

use crate::story::desk::{Desk, between};
use crate::support::{filing_of, stories};
use askance::service::filing::{self, Filing};
use rocket::futures::future::join_all;
use rocket::http::{ContentType, Cookie, Status};
use rocket::local::asynchronous;

/// Presses so many at once; for each its answer.
fn at_once(desk: &Desk, bodies: Vec<String>) -> Vec<(Status, Option<String>, String)> {
    let session = desk.client.cookies().get("askance_session").unwrap().value().to_owned();
    let (ctx, db) = (desk.ctx.clone(), desk.db.clone());
    rocket::execute(async move {
        let rocket = rocket::figment::Figment::from(rocket::Config {
            log_level: rocket::log::LogLevel::Off,
            ..rocket::Config::default()
        });
        let site = askance::web::build(&rocket, ctx, db, crate::support::real_cage());
        let client = asynchronous::Client::untracked(site).await.unwrap();
        join_all(bodies.into_iter().map(|body| {
            let cookie = Cookie::new("askance_session", session.clone());
            let press = client.post("/desk/requests").header(ContentType::Form).cookie(cookie).body(body);
            async move {
                let answer = press.dispatch().await;
                let to = answer.headers().get_one("Location").map(str::to_owned);
                (answer.status(), to, answer.into_string().await.unwrap_or_default())
            }
        }))
        .await
    })
}

fn form(fields: &[(&str, &str)], more: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).extend_pairs(more).finish()
}

fn outbox(desk: &Desk) -> usize {
    let conn = &mut *desk.db.conn().unwrap();
    askance::store::desk::letters::counts(conn).unwrap().values().sum::<i64>().try_into().unwrap()
}

stories! {
    fn r05_fifty_presses_of_fifty_forms_with_the_same_letter_file_one_and_ask_the_others(desk: &mut Desk) {
        let (first, second) = (desk.authority("Stadt Brandau").to_string(), desk.authority("Stadt Nebenan").to_string());
        let (token, bundle) = (desk.volunteer_signs_in(), desk.bundle());
        let fields = [("csrf", token.as_str()), ("bundle", bundle.as_str()), ("signed_as", "Mira Varga")];
        let keys: Vec<String> = (0..50).map(|n| format!("a-form-of-its-own-{n:04}")).collect();
        let one: Vec<String> = keys.iter().map(|key| form(&fields, &[("a", &first), ("form_key", key)])).collect();
        let answers = at_once(desk, one);
        let count = |status| answers.iter().filter(|(found, ..)| *found == status).count();
        println!("R5: 50 presses of 50 forms: {} filed, {} asked, {} letters",
            count(Status::SeeOther), count(Status::Conflict), outbox(desk));
        assert_eq!((count(Status::SeeOther), count(Status::Conflict), outbox(desk)), (1, 49, 1));
        let filed = answers.iter().find_map(|(_, to, _)| to.clone()).unwrap();
        let reference = filed.split_once("r=").unwrap().1.to_owned();
        for (.., page) in answers.iter().filter(|(status, ..)| *status == Status::Conflict) {
            assert!(page.contains(&format!("href=\"/desk/requests/{reference}\"")), "{page}");
            assert!(page.contains(&format!("<input type=\"checkbox\" name=\"again\" value=\"{reference}\"><span>File it again")), "{page}");
            assert!(page.contains("You filed the same letter lately to Stadt Brandau."), "{page}");
        }

        // Not ticked, it is asked again; with another body beside it, it is left out.
        let told = [("a", first.as_str()), ("told", &reference), ("form_key", "nothing-is-ticked-here")];
        assert_eq!(at_once(desk, vec![form(&fields, &told)])[0].0, Status::Conflict);
        let both = [("a", first.as_str()), ("a", &second), ("form_key", "two-at-once-and-one-new")];
        assert_eq!((at_once(desk, vec![form(&fields, &both)])[0].0, outbox(desk)), (Status::Conflict, 1), "nobody was told");
        let left_out = [&both[..], &[("told", &reference)]].concat();
        assert_eq!((at_once(desk, vec![form(&fields, &left_out)])[0].0, outbox(desk)), (Status::SeeOther, 2));

        // Chosen, it leaves once, however many forms say so at once: each speaks of the first, not of the second.
        let again: Vec<String> = keys.iter().map(|key| {
            form(&fields, &[("a", &first), ("form_key", &format!("{key}-again")), ("told", &reference), ("again", &reference)])
        }).collect();
        let answers = at_once(desk, again);
        let done = answers.iter().filter(|(status, ..)| *status == Status::SeeOther).count();
        assert_eq!((done, outbox(desk)), (1, 3));

        // The letters are read with the question, a letter that was taken back is none, and 30 days later it is another.
        let read = |desk: &Desk| desk.post("/desk/requests/preview", &[&fields[..], &[("a", &second)]].concat()).into_string().unwrap();
        let page = read(desk);
        assert!(page.contains("You filed this letter before, word for word.") && page.contains("Send what is ticked"), "{page}");
        let latest = between(&page, "name=\"told\" value=\"", "\"").to_owned();
        let back = desk.post("/desk/requests/filed/take-back", &[("csrf", &token), ("r", &latest)]);
        assert_eq!(back.status(), Status::SeeOther);
        drop(back);
        assert!(read(desk).contains("Send 1 letter<"));
        for (days, is_same) in [(29, true), (2, false)] {
            desk.later(chrono::TimeDelta::days(days));
            let filing = Filing { bundle: bundle.clone(), ..filing_of(&[first.parse().unwrap()], "later") };
            let filing = Filing { signed_as: "Mira Varga".to_owned(), ..filing };
            let letter = filing::preview(&desk.ctx, &mut desk.db.conn().unwrap(), 1, &filing).unwrap().remove(0);
            assert_eq!(letter.same.is_some(), is_same, "after {days} days more: its day is another, its questions are not");
        }
    }
}
