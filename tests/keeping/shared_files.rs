//! Bytes that several mails need, or that are gone: nothing that is shown lacks its bytes, and no mail waits for ever.

use crate::keeping::erasure::{published, reply, wish};
use crate::keeping::place::restored;
use crate::support::{Site, house, stories};
use askance::service::backup;
use askance::service::erasure::{self, Target};
use askance::service::intake::{self, Mail};
use askance::service::triage;
use askance::store::blobs::{Blobs, sha256};
use askance::store::erasure as rows;
use askance::store::messages::MessageRow;
use askance::store::schema::{attachments, messages};
use askance::store::types::MessageState;
use diesel::prelude::*;
use std::time::Duration;

fn comes(site: &Site, raw: &[u8], to: &str) {
    let recipients = [to.to_owned()];
    let mail = Mail { raw, recipients: &recipients, via: "lmtp", handed: None };
    intake::accept(site.ctx.door(), Some(&site.db), mail).unwrap();
}

/// The message that these bytes are.
fn message_of(site: &Site, raw: &[u8]) -> MessageRow {
    let id: i64 = messages::table
        .filter(messages::blob_sha256.eq(sha256(raw)))
        .select(messages::id)
        .first(&mut *site.conn())
        .unwrap();
    site.message(id)
}

fn file_of(site: &Site, message: i64) -> String {
    attachments::table
        .filter(attachments::message_id.eq(message))
        .select(attachments::sha256)
        .first(&mut *site.conn())
        .unwrap()
}

stories! {
    fn r50_file_that_two_mails_bring_stays_whole_when_one_is_erased_while_the_other_is_read(site: &mut Site) {
        let request = published(site);
        let other = String::from_utf8(reply(&request)).unwrap().replace("Holunder77", "Holunder78").replace("Uferschwalbe", "Uferläufer");
        let file = file_of(site, 1);
        erasure::erase(&site.ctx, &site.db, &wish(Target::Attachment(1, 0))).unwrap();
        assert_eq!(site.ctx.blobs.size(&file).unwrap(), None);
        comes(site, other.as_bytes(), &request.reply_address);
        let read = || triage::read_next(&site.ctx, &site.db, &site.cage, 10).unwrap();
        std::thread::scope(|scope| {
            // As the erasure of the first does it: the look and the removal, and in between the other mail is read.
            let alone = site.ctx.blobs.removing().unwrap();
            assert!(!rows::is_needed(&mut site.conn(), &file).unwrap());
            let reading = scope.spawn(read);
            house::until("reading has put the file there", Duration::from_secs(30), || site.ctx.blobs.size(&file).unwrap());
            std::thread::sleep(Duration::from_millis(300));
            site.ctx.blobs.remove(&file).unwrap();
            drop(alone);
            assert_eq!(reading.join().unwrap(), 0, "it waits for its file");
        });
        assert_eq!(message_of(site, other.as_bytes()).state, MessageState::Received);
        assert_eq!(read(), 1);
        let message = message_of(site, other.as_bytes());
        assert_ne!(message.state, MessageState::Received);
        assert_eq!(file_of(site, message.id), file);
        assert!(site.ctx.blobs.get(&file).is_ok(), "what is shown has its bytes");
    }

    fn r52_file_that_an_erased_mail_shared_comes_back_with_an_older_copy_or_is_missed(site: &mut Site) {
        let request = published(site);
        let other = String::from_utf8(reply(&request)).unwrap().replace("Holunder77", "Holunder78").replace("Uferschwalbe", "Uferläufer");
        site.receives(other.as_bytes(), &request.reply_address);
        let message = message_of(site, other.as_bytes()).id;
        let file = file_of(site, message);
        assert_eq!(file, file_of(site, 1), "both bring it");
        let folder = tempfile::tempdir().unwrap();
        backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap();
        site.ctx.clock.set(site.now() + chrono::TimeDelta::hours(1));
        erasure::erase(&site.ctx, &site.db, &wish(Target::Message(1))).unwrap();
        for (mark, stone) in site.ctx.blobs.tombstones().unwrap() {
            Blobs::open(&folder.path().join("blobs")).unwrap().bury(&mark, &stone).unwrap();
        }
        let new = restored(&site.ctx, folder.path());
        assert_eq!((new.told.erased_again, new.told.damaged.len()), (1, 0));
        assert!(new.ctx.blobs.get(&file).is_ok(), "it is the other mail's still");
        assert_eq!(backup::verify(folder.path()).unwrap().wrong, Vec::<String>::new());
        // Where the backup has it no more, that is said.
        std::fs::remove_file(folder.path().join("blobs").join(&file[..2]).join(&file)).unwrap();
        assert_eq!(backup::verify(folder.path()).unwrap().wrong.len(), 1);
        assert_eq!(restored(&site.ctx, folder.path()).told.damaged, [file]);
    }

    fn r53_mail_whose_bytes_are_gone_comes_before_a_person_and_a_disk_that_is_away_is_waited_for(site: &mut Site) {
        let request = published(site);
        let raws: Vec<String> = ["Eichelhäher", "Zaunkönig"]
            .map(|bird| String::from_utf8(reply(&request)).unwrap().replace("Holunder77", bird).replace("Uferschwalbe", bird))
            .into();
        for raw in &raws {
            comes(site, raw.as_bytes(), &request.reply_address);
        }
        // The whole place is away, as a disk that is not mounted: all waits.
        let (place, away) = (&site.ctx.config.blob_dir, site.ctx.config.blob_dir.with_extension("away"));
        std::fs::rename(place, &away).unwrap();
        let read = || triage::read_next(&site.ctx, &site.db, &site.cage, 10).unwrap();
        assert_eq!(read(), 0);
        assert_eq!(message_of(site, raws[0].as_bytes()).state, MessageState::Received);
        std::fs::rename(&away, place).unwrap();
        // Only one is gone, as after a backup with a damaged file.
        site.ctx.blobs.remove(&sha256(raws[0].as_bytes())).unwrap();
        assert_eq!(read(), 2);
        let lost = message_of(site, raws[0].as_bytes());
        assert_eq!(lost.state, MessageState::Unreadable);
        assert_eq!(lost.request_id, Some(request.id), "it is filed by the address that it came to");
        assert!(lost.reading.contains("its bytes are not there any more; a backup may have them"), "{}", lost.reading);
        assert_ne!(message_of(site, raws[1].as_bytes()).state, MessageState::Unreadable);
        assert_eq!(read(), 0);
    }

    fn r50_bytes_of_an_erasure_that_is_under_way_are_left_to_it(site: &mut Site) {
        published(site);
        // Another process has written down what is to go, and has not committed that it is erased.
        let key = site.message(1).blob_sha256;
        site.ctx.blobs.doom("0123456789abcdef", &[key.clone()].into()).unwrap();
        erasure::finish(&site.ctx, &site.db).unwrap();
        assert!(site.ctx.blobs.get(&key).is_ok());
        assert_eq!(site.ctx.blobs.doomed().unwrap().len(), 1, "its list stays until that is known");
    }
}
