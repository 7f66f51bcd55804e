//! What the world can read of our mail domain, for `askance check`: a sentence for each record, and what to publish.

use crate::command::check::Findings;
use crate::command::{exit, serve};
use crate::config::Config;
use crate::config::mail::Names as Setting;
use crate::mail::authenticity::Names;
use crate::mail::authenticity::published::{Answer, Records, look_up};
use crate::mail::signing::{Published, Signer};

/// Names that no public name server knows (RFC 2606 §2, RFC 6761 §6).
const RESERVED: [&str; 4] = ["example", "invalid", "localhost", "test"];

/// Tells how letters are signed, and what others read of the domain that they come from. What is missing there is a
/// remark, because letters leave all the same; that the key of our signatures is missing is wrong: none of them holds.
pub(crate) fn check(config: &Config, findings: &mut Findings<'_>) {
    let signer = match serve::signer_of(config) {
        Ok(signer) => signer,
        Err(error) => return findings.note::<_>("signatures", Err::<String, _>(error), exit::CONFIG),
    };
    match &signer {
        Some(signer) => {
            let name = signer.name();
            findings.note::<String>("signatures", Ok(format!("letters are signed for {name}")), exit::OK);
        }
        None => findings.remark(
            "signatures",
            "letters are not signed by us (`dkim_key` is not set); let the mail server before us do it",
        ),
    }
    let domain = config.reply_domain.as_str();
    let names = match config.mail.names {
        Setting::Nobody => {
            return findings.remark(domain, "nobody looked what is published of it, because `dns` is `off`");
        }
        Setting::System if is_reserved(domain) => {
            return findings
                .remark(domain, "nobody looked what is published of it: it is a name for examples");
        }
        Setting::System => Names::System,
        Setting::Server(at) => Names::Server(at),
    };
    let key = signer.as_ref().map(Signer::name);
    match look_up(domain, key.as_deref(), names) {
        Ok(records) => tell(domain, (signer.as_ref(), &records), findings),
        Err(error) => findings.remark(domain, &format!("nobody could look what is published of it: {error}")),
    }
}

fn is_reserved(domain: &str) -> bool {
    domain.rsplit('.').next().is_some_and(|last| RESERVED.contains(&last))
}

fn tell(domain: &str, (signer, records): (Option<&Signer>, &Records), findings: &mut Findings<'_>) {
    if let (Some(signer), Some(answer)) = (signer, &records.key) {
        key(signer, answer, findings);
    }
    let relay = "v=spf1 mx -all";
    let missing = format!(
        "{domain} has no SPF record, so anybody may send for it and many servers distrust it; publish a text such as \
         `{relay}` that names the servers that letters leave by"
    );
    one("SPF", domain, (&records.spf, &missing), findings);
    let missing = format!(
        "neither {domain} nor its organisation has a DMARC record, which large providers ask for; publish the text \
         `v=DMARC1; p=none` under _dmarc.{domain}, and `p=reject` once all your mail is signed"
    );
    one("DMARC", domain, (&records.dmarc, &missing), findings);
    servers(domain, &records.servers, findings);
}

/// The key that others verify our signatures with.
fn key(signer: &Signer, answer: &Answer, findings: &mut Findings<'_>) {
    let (about, name) = ("DKIM", signer.name());
    let texts = match answer {
        Answer::Silent => return findings.remark(about, &silent(&name)),
        Answer::Found(texts) => texts,
    };
    let publish = format!("publish this text under {name}: {}", signer.record());
    let seen: Vec<Published> = texts.iter().map(|text| signer.compare(text)).collect();
    let keys = seen.iter().filter(|one| **one != Published::NoKey).count();
    let found = match seen.iter().find(|one| **one != Published::NoKey) {
        // Of several, whoever verifies may take any (RFC 6376 §3.6.2.2).
        Some(_) if keys > 1 => {
            Err(format!("{name} has {keys} keys, of which any may be taken; keep one; {publish}"))
        }
        Some(Published::Ours) => Ok(format!("{name} has the public key of `dkim_key`")),
        Some(Published::Revoked) => {
            Err(format!("the key under {name} is withdrawn, so no signature of ours holds; {publish}"))
        }
        Some(_) => Err(format!(
            "the key under {name} is not that of `dkim_key`, so no signature of ours holds; {publish}"
        )),
        None => Err(format!("no key is published, so no signature of ours holds; {publish}")),
    };
    findings.note(about, found, exit::CONFIG);
}

/// A record of which there must be one.
fn one(about: &str, domain: &str, (answer, missing): (&Answer, &str), findings: &mut Findings<'_>) {
    match answer {
        Answer::Silent => findings.remark(about, &silent(domain)),
        Answer::Found(texts) => match texts.as_slice() {
            [] => findings.remark(about, missing),
            [text] => findings.note::<String>(about, Ok(format!("{domain}: {text}")), exit::OK),
            // RFC 7208 §4.5, RFC 7489 §6.6.3: with more than one there is none that counts.
            more => {
                let what = format!("{domain} has {} of them, so none counts; keep one", more.len());
                findings.note::<_>(about, Err::<String, _>(what), exit::CONFIG);
            }
        },
    }
}

/// Who takes answers in.
fn servers(domain: &str, answer: &Answer, findings: &mut Findings<'_>) {
    let about = "MX";
    match answer {
        Answer::Silent => findings.remark(about, &silent(domain)),
        Answer::Found(hosts) if hosts.is_empty() => {
            let what = format!(
                "{domain} names no mail server, so answers may not arrive; publish an MX record that names the server \
                 that takes mail for it"
            );
            findings.remark(about, &what);
        }
        // RFC 7505: a domain that takes no mail, and whose letters many servers refuse.
        Answer::Found(hosts) if hosts.iter().any(String::is_empty) => {
            let what =
                format!("{domain} says that it takes no mail, so no answer can arrive; name a server there");
            findings.note::<_>(about, Err::<String, _>(what), exit::CONFIG);
        }
        Answer::Found(hosts) => {
            findings.note::<String>(
                about,
                Ok(format!("mail for {domain} goes to {}", hosts.join(", "))),
                exit::OK,
            );
        }
    }
}

fn silent(name: &str) -> String {
    format!("no name server told what is published under {name}; look again later")
}
