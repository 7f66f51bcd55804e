//! An activist files letters.

use crate::support::{Site, filing_of, stories};
use askance::domain::authority::AuthorityKind;
use askance::service::filing;
use askance::store::types::Role;

stories! {
    fn letter_is_read_exactly_as_it_will_be_sent(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filing = filing_of(&[city], "form-1");
        let preview = filing::preview(&site.ctx, &mut site.conn(), activist, &filing).unwrap().remove(0);
        assert_eq!(preview.impossible, None);
        assert_eq!(preview.language, "de");
        assert!(preview.body.contains("IFG NRW") || preview.body.contains("Informationsfreiheitsgesetz"), "{}", preview.body);

        let filed = filing::file(&site.ctx, &mut site.conn(), activist, &filing).unwrap().remove(0);
        site.days_pass(1);
        let sent = site.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), 1);
        let mail = mailparse::parse_mail(&sent[0].bytes).unwrap();
        let body = mail.get_body().unwrap().replace("\r\n", "\n");
        let address = site.request(&filed.reference).reply_address;
        // Only the secret part of the address was hidden.
        let hidden = body.replace(address.rsplit('-').next().unwrap().split('@').next().unwrap(), &"·".repeat(20));
        assert_eq!(hidden.trim_end(), preview.body.trim_end());
        assert_eq!(sent[0].to, "foi@brandau.example");
        assert_eq!(sent[0].from, address);
    }

    fn day_of_the_preview_tells_how_it_is_counted_and_whether_it_is_sure(site: &mut Site) {
        let sure = site.city();
        let estimated = site.authority("Comune di Pietralta", (AuthorityKind::Municipality, "it-foia", "it"), "pietralta.example");
        let laws = &site.ctx.library.laws;
        let filing = filing_of(&[sure, estimated], "form-1");
        for letter in filing::preview(&site.ctx, &mut site.conn(), 1, &filing).unwrap() {
            let law = laws.regime(&letter.regime.parse().unwrap()).unwrap();
            let derivation = letter.derivation.unwrap();
            assert_eq!(derivation.estimate, law.is_estimate(), "{}", letter.regime);
            let day = letter.due_if_sent_today.unwrap().format("Why %-d %B?").to_string();
            assert_eq!(derivation.question, day);
        }
    }

    fn double_click_files_one_letter(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filing = filing_of(&[city], "the-same-form");
        let first = filing::file(&site.ctx, &mut site.conn(), activist, &filing).unwrap();
        let second = filing::file(&site.ctx, &mut site.conn(), activist, &filing).unwrap();
        assert_eq!(first[0].reference, second[0].reference);
        site.days_pass(1);
        assert_eq!(site.sent.lock().unwrap().len(), 1);
    }

    fn r05_fifty_presses_at_once_file_one_letter(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filing = filing_of(&[city], "pressed-often");
        std::thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| filing::file(&site.ctx, &mut site.conn(), activist, &filing).map(|_| ()));
            }
        });
        site.days_pass(1);
        assert_eq!(site.sent.lock().unwrap().len(), 1);
    }

    fn each_authority_is_asked_under_its_own_law_in_its_own_language(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let asked = [
            site.city(),
            site.authority("Ville de Port-Clair", (AuthorityKind::Municipality, "fr-crpa", "fr"), "port-clair.example"),
            site.authority("Comune di Pietralta", (AuthorityKind::Municipality, "it-foia", "it"), "pietralta.example"),
            site.authority("Δήμος Νέας Ακτής", (AuthorityKind::Municipality, "gr-kdd5", "el"), "neaakti.example"),
            site.authority("Northmoor Police", (AuthorityKind::Police, "gb-foia", "en"), "northmoor.example"),
            site.authority("Gemeente Oosterdam", (AuthorityKind::Municipality, "nl-woo", "nl"), "oosterdam.example"),
        ];
        let filed = filing::file(&site.ctx, &mut site.conn(), activist, &filing_of(&asked, "many")).unwrap();
        assert_eq!(filed.len(), 6);
        site.days_pass(1);
        let languages: Vec<String> = filed.iter().map(|f| site.request(&f.reference).language).collect();
        for language in ["de", "fr", "it", "el", "en"] {
            assert!(languages.iter().any(|l| l == language), "{language} in {languages:?}");
        }
        let sent = site.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), 6);
        let addresses: std::collections::BTreeSet<&str> = sent.iter().map(|letter| letter.from.as_str()).collect();
        assert_eq!(addresses.len(), 6, "each letter has a reply address of its own");
    }

    fn letter_taken_back_never_leaves(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filed = site.files(activist, city);
        filing::take_back(&site.ctx, &mut site.conn(), activist, &filed.reference).unwrap();
        site.days_pass(2);
        assert!(site.sent.lock().unwrap().is_empty());
        assert_eq!(site.standing(&filed.reference), "Taken back");
        let again = filing::take_back(&site.ctx, &mut site.conn(), activist, &filed.reference);
        assert!(matches!(again, Err(filing::Error::TooLate(_))));
    }

    fn no_letter_is_filed_where_no_law_gives_a_right(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let town = site.authority("Stadt Heidewald", (AuthorityKind::Municipality, "de-ni-none", "de"), "heidewald.example");
        let filing = filing_of(&[town], "none");
        let preview = filing::preview(&site.ctx, &mut site.conn(), 1, &filing).unwrap().remove(0);
        assert!(preview.impossible.is_some());
        assert!(filing::file(&site.ctx, &mut site.conn(), activist, &filing).is_err());
        site.days_pass(1);
        assert!(site.sent.lock().unwrap().is_empty());
    }
}
