//! What the desk says after a press of a button: what is wrong and where, what was done, and where the work goes on.

use super::{Desk, REFUSAL, between};
use crate::support::stories;
use askance::store::audit;
use rocket::http::Status;

/// A desk where a refusal waits, and a mail that matches nothing.
fn waiting(desk: &Desk) -> (String, String) {
    let reference = desk.asks("Stadt Brandau");
    let address = desk.reply_address(&reference);
    desk.receives("post@brandau.example", &address, ("Bescheid", REFUSAL));
    desk.receives(
        "x@nowhere.example",
        "info@post.askance.example",
        ("Hello <there>", "Which request is this?"),
    );
    (desk.volunteer_signs_in(), reference)
}

stories! {
    fn form_that_comes_back_says_at_the_top_what_is_wrong_and_leads_to_the_field(desk: &mut Desk) {
        let (token, _) = waiting(desk);
        let fields = [
            ("csrf", token.as_str()), ("kind", "refusal"), ("grounds", ""), ("until_day", "31"), ("until_month", "2"),
            ("until_year", "2027"),
        ];
        let answer = desk.post("/desk/messages/1/settle", &fields);
        assert_eq!(answer.status(), Status::UnprocessableEntity);
        let page = answer.into_string().unwrap();
        assert!(page.contains("<title>Error: "));
        let summary = between(&page, "role=\"alert\" tabindex=\"-1\" autofocus", "</div>").to_owned();
        for (field, words) in [("f-until-d", "is no day"), ("f-grounds", "A refusal needs its ground")] {
            assert!(summary.contains(&format!("href=\"#{field}\"")) && summary.contains(words), "{summary}");
            let input = page.split(&format!("id=\"{field}\"")).nth(1).unwrap().split('>').next().unwrap();
            assert!(input.contains("aria-invalid=\"true\"") && input.contains("aria-describedby"), "{input}");
        }
        assert!(page.find("role=\"alert\"").unwrap() < page.find("<h1").unwrap(), "before all else");
        let authority = desk.post("/desk/authorities/new", &[("csrf", &token), ("name", "")]).into_string().unwrap();
        assert!(authority.contains("<title>Error: ") && authority.contains("href=\"#f-name\""));
        let nobody = desk.page("/desk/requests/new?used=1");
        assert!(nobody.contains("No authority is ticked and no bundle is chosen.") && nobody.contains("href=\"#f-q\""));
        assert!(!desk.page("/desk/requests/new").contains("role=\"alert\""), "who only looks did nothing wrong");
    }

    fn ground_of_another_law_is_flagged_at_the_desk_and_on_the_public_page(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        let letter = "Ihr Antrag wird abgelehnt. Dem Anspruch stehen § 29 VwVfG und § 3 Nr. 2 IFG entgegen.\r\n";
        desk.receives("post@brandau.example", &address, ("Bescheid", letter));
        let token = desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let warning = "§ 29 VwVfG is not a provision of IFG (Bund); check whether the reply names a ground of this law.";
        assert!(page.contains(&format!("<span class=\"odd\">{warning}</span>")), "{page}");
        assert_eq!(page.matches("is not a provision of").count(), 1, "a ground of this law is not warned of");
        assert!(page.contains("<span class=\"sub\">public safety endangered</span>"), "{page}");
        let seal = between(&page, "name=\"seal\" value=\"", "\"").to_owned();
        drop(desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", &seal)]));
        let public = desk.page(&format!("/requests/{reference}"));
        assert!(public.contains("§ 29 VwVfG (not a provision of IFG (Bund))"), "{public}");
        assert!(public.contains("§ 3 Nr. 2 IFG (public safety endangered)"), "{public}");
    }

    fn settling_leads_on_to_the_request_its_public_page_and_the_next_message(desk: &mut Desk) {
        let (token, reference) = waiting(desk);
        let seal = between(&desk.page("/desk/messages/1"), "name=\"seal\" value=\"", "\"").to_owned();
        let answer = desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", &seal)]);
        assert_eq!(answer.headers().get_one("Location"), Some("/desk"));
        drop(answer);
        let page = desk.page("/desk");
        let said = between(&page, "<strong>Accepted.</strong>", "</div>").to_owned();
        for href in [format!("/desk/requests/{reference}"), format!("/requests/{reference}"), "/desk/messages/2".to_owned()] {
            assert!(said.contains(&format!("href=\"{href}\"")), "{href}: {said}");
        }
        assert!(said.contains("Hello &lt;there&gt;"), "what a stranger wrote stays text");
        assert!(!desk.page("/desk").contains("Accepted."), "it is said once");
    }

    fn withdrawn_reply_is_proposed_anew_and_can_be_shown_again(desk: &mut Desk) {
        let (token, reference) = waiting(desk);
        let fields = [
            ("csrf", token.as_str()), ("kind", "refusal"), ("grounds", "§ 3 Nr. 2 IFG"), ("publish", "1"), ("subject", "Bescheid"),
            ("text", "Ihr Antrag wird abgelehnt."),
        ];
        assert_eq!(desk.post("/desk/messages/1/settle", &fields).status(), Status::SeeOther);
        drop(desk.post("/desk/messages/1/withdraw", &[("csrf", &token)]));
        let page = desk.page("/desk/messages/1");
        let form = between(&page, "<textarea id=\"p-text\"", "</textarea>").to_owned();
        assert!(form.contains("wird abgelehnt") && form.contains('█') && !form.contains("Varga"), "{form}");
        let text = form.split_once(">\n").unwrap().1.to_owned();
        let shown = desk.post("/desk/messages/1/publish", &[("csrf", &token), ("subject", "Bescheid"), ("text", &text)]);
        assert_eq!(shown.status(), Status::SeeOther);
        drop(shown);
        assert!(desk.page(&format!("/requests/{reference}")).contains("wird abgelehnt"));

        // Nothing is coded, and that is said.
        let question = between(&page, "name=\"answers[0].question\" value=\"", "\"").to_owned();
        let code = |disposition: &str| {
            let fields = [
                ("csrf", token.as_str()), ("answers[0].question", question.as_str()), ("answers[0].disposition", disposition),
            ];
            assert_eq!(desk.post("/desk/messages/1/answers", &fields).status(), Status::SeeOther);
            desk.page("/desk/messages/1")
        };
        assert!(code("").contains("Nothing was kept."));
        assert!(code("refused").contains("1 answer kept."));
        assert!(code("").contains("1 answer taken away."));
    }

    fn message_that_was_set_aside_shows_why_and_comes_back(desk: &mut Desk) {
        let (token, _) = waiting(desk);
        let aside = [("csrf", token.as_str()), ("reason", "a newsletter")];
        assert_eq!(desk.post("/desk/messages/2/set-aside", &aside).status(), Status::SeeOther);
        let page = desk.page("/desk/messages/2");
        assert!(page.contains("Because: a newsletter") && page.contains("Bring it back"));
        assert!(!desk.page("/desk").contains("Hello &lt;there&gt;"));
        let back = |id: i64| {
            let path = format!("/desk/messages/{id}");
            assert_eq!(desk.post(&format!("{path}/bring-back"), &[("csrf", &token)]).status(), Status::SeeOther);
            desk.page(&path)
        };
        let page = back(2);
        assert!(page.contains("Brought back.") && page.contains("It was set aside (“a newsletter”)"));
        assert!(desk.page("/desk").contains("Hello &lt;there&gt;"));
        assert!(back(2).contains("Nothing was changed."), "it is in the queue already");
        let mut conn = desk.db.conn().unwrap();
        assert_eq!(audit::verify(&mut conn).unwrap().1, None);
    }
}
