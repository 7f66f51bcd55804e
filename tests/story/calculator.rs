//! The calculator as a visitor and a machine use it.

use crate::law::calculator::unfolded;
use crate::support::{Site, stories};
use rocket::http::{ContentType, Status};

const FRENCH: &str = "law=fr-crpa&received=2026-07-06";

stories! {
    fn a_visitor_counts_without_account_or_script(site: &mut Site) {
        let browser = site.browser();
        let page = |path: &str| {
            let answer = browser.get(path.to_owned()).dispatch();
            assert!(answer.headers().get_one("Set-Cookie").is_none(), "{path} sets a cookie");
            (answer.status(), answer.into_string().unwrap_or_default())
        };
        let (status, empty) = page("/deadline");
        assert_eq!(status, Status::Ok);
        assert!(empty.contains("<optgroup label=\"France\">") && !empty.contains("id=\"result\""));
        // Every control has its label.
        for id in empty.split(" id=\"f-").skip(1).filter_map(|rest| rest.split('"').next()).filter(|id| !id.ends_with("hint")) {
            assert!(empty.contains(&format!("for=\"f-{id}\"")), "{id} has no label");
        }
        let (_, prefilled) = page("/deadline?law=fr-crpa");
        assert!(prefilled.contains("<option value=\"fr-crpa\" selected>") && !prefilled.contains("aria-invalid"));

        let (status, found) = page(&format!("/deadline?{FRENCH}"));
        assert_eq!(status, Status::Ok);
        for told in ["Thursday, 6 August 2026", "refused by silence since 7 August 2026", "Why 6 August?", "CADA", "Not legal advice",
            "Ma demande, fondée sur", "/deadline.ics?law=fr-crpa&amp;received=2026-07-06"]
        {
            assert!(found.contains(told), "{told}");
        }
        // One more row keeps what was typed and answers nothing yet.
        let (status, more) = page(&format!("/deadline?{FRENCH}&what=fee_asked&on=2026-07-10&until=&more=1"));
        assert_eq!(status, Status::Ok);
        assert!(more.contains("value=\"2026-07-10\"") && more.contains("id=\"f-what-1\"") && !more.contains("id=\"result\""));
        assert!(!page("/deadline?what=a&what=a&what=a&what=a&what=a&what=a&what=a&what=a&more=1").1.contains("f-what-8"));
    }

    fn no_day_is_named_that_the_law_does_not_set(site: &mut Site) {
        let browser = site.browser();
        let page = |query: &str| browser.get(format!("/deadline?{query}")).dispatch().into_string().unwrap();
        let promptly = page("law=no-offl&received=2026-08-10");
        let main = &promptly[promptly.find("id=\"result\"").unwrap()..];
        for never in ["Due day", "due day", "Answer due", "past the limit"] {
            assert!(!main.contains(never), "`{never}` is said of a day that no law sets");
        }
        assert!(main.contains("no legal deadline"));
        let still = page("law=gb-foia&received=2026-08-10&what=clarification_asked&on=2026-08-17&until=");
        assert!(still.contains("The clock stands still") && still.contains("has stood still since 17 August 2026"));
        assert!(!still.contains("The last day for the answer is"), "a clock that stands still has no last day");
    }

    fn what_cannot_be_counted_comes_back_with_its_field_marked(site: &mut Site) {
        let browser = site.browser();
        for (query, field, told) in [
            ("law=fr-crp&received=2026-07-06", "f-law", "fr-crpa"),
            ("law=&received=2026-07-06", "f-law", "Choose the law"),
            ("law=fr-crpa&received=", "f-received", "Give the day"),
            ("law=fr-crpa&received=2026-02-30", "f-received", "is no day"),
            ("law=fr-crpa&received=2026-09-08", "f-received", "has not come yet; today is 7 September 2026"),
            ("law=fr-crpa&received=2041-01-02&planned=1", "f-received", "do not guess"),
            ("law=nl-woo&received=2020-03-02", "f-received", "there was none to count by"),
            ("law=eu-1049&received=2026-07-06&registered=2026-07-01", "f-registered", "before the day of receipt"),
            ("law=fr-crpa&received=2026-07-06&what=fee_asked&on=&until=", "f-on-0", "Give the day"),
            ("law=fr-crpa&received=2026-07-06&what=&on=2026-07-07&until=", "f-what-0", "Say what happened"),
            ("law=fr-crpa&received=2026-07-06&what=fee_paid&on=2026-07-07&until=2026-07-09", "f-until-0", "Only more time"),
            ("law=fr-crpa&received=2026-07-06&since=taken:notice=2026-07-09", "f-what-0", "This law has no"),
            ("law=%3Cscript%3E&received=2026-07-06", "f-law", "We know no law"),
        ] {
            let answer = browser.get(format!("/deadline?{query}")).dispatch();
            assert_eq!(answer.status(), Status::UnprocessableEntity, "{query}");
            let page = answer.into_string().unwrap();
            assert!(!page.contains("<script"), "{query}");
            assert!(page.contains(told), "{told} is not said of {query}");
            assert!(page.contains(&format!("<a href=\"#{field}\">")), "{query} is not summed up");
            assert!(page.contains(&format!("id=\"{field}\" aria-invalid=\"true\" aria-describedby=\"{field}-err")), "{query} is not marked");
            assert_eq!(page.matches("aria-invalid").count(), 1, "{query}");

            let answer = browser.get(format!("/deadline.json?{query}")).dispatch();
            assert_eq!(answer.status(), Status::UnprocessableEntity);
            let json: serde_json::Value = serde_json::from_str(&answer.into_string().unwrap()).unwrap();
            assert!(json["error"].is_string() && json["field"].is_string(), "{json}");
            assert_eq!(browser.get(format!("/deadline.ics?{query}")).dispatch().status(), Status::UnprocessableEntity);
        }
        let planned = browser.get("/deadline?law=fr-crpa&received=2026-09-08&planned=1").dispatch();
        assert_eq!(planned.status(), Status::Ok);
        assert!(planned.into_string().unwrap().contains("counted as if they had"));
    }

    fn machines_read_the_same_as_json_and_as_a_calendar(site: &mut Site) {
        let browser = site.browser();
        let query = format!("{FRENCH}&since=taken%3Acomplaint%3D2026-08-20");
        let answer = browser.get(format!("/deadline.json?{query}")).dispatch();
        assert_eq!((answer.status(), answer.content_type()), (Status::Ok, Some(ContentType::JSON)));
        assert_eq!(answer.headers().get_one("Cache-Control"), Some("no-cache"));
        let tag = answer.headers().get_one("ETag").unwrap().to_owned();
        let json: serde_json::Value = serde_json::from_str(&answer.into_string().unwrap()).unwrap();
        assert_eq!(json["law"]["id"], "fr-crpa");
        assert_eq!(json["due_on"], "2026-08-06");
        assert_eq!(json["course"]["bodies"][0]["step"], "complaint");
        assert!(json["caution"].as_str().unwrap().contains("Not legal advice"));
        let again = browser.get(format!("/deadline.json?{query}")).header(rocket::http::Header::new("If-None-Match", tag)).dispatch();
        assert_eq!(again.status(), Status::NotModified);

        let answer = browser.get(format!("/deadline.ics?{query}")).dispatch();
        assert_eq!(answer.headers().get_one("Content-Type"), Some("text/calendar; charset=utf-8"));
        let lines = unfolded(&answer.into_string().unwrap());
        let dates: Vec<&str> = lines.iter().filter(|(name, _)| name == "DTSTART;VALUE=DATE").map(|(_, on)| on.as_str()).collect();
        assert!(dates.contains(&"20260806"), "{dates:?}");
        assert_eq!(dates.len(), json["dates"].as_array().unwrap().len());
        assert!(lines.iter().any(|(name, url)| name == "URL" && url.contains("/deadline?law=fr-crpa")));
    }
}
