//! Passwords that a letter gives away, for a link or a file: found, so that they are struck out of what is published.

use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// The longest password that is looked for, in characters.
const LONGEST: usize = 80;

/// What stands in the place of one; its length says nothing.
const BARS: &str = "████████";

/// A word for a password in the languages of the service, with a colon, an equals sign or a verb, and what follows.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi)
        (?:^|[^\p{L}\p{N}])
        (?: passwor[dt](?:et|a|u|e|s)? | passwörter | pass-?phrase | pass-?code | passwd | pwd | (?:access|security|download|release|entry)\s(?:code|key) | pin(?:-?code)?
          | \p{L}*kennwort(?:es|s)? | \p{L}*passwort(?:es|s)? | (?:zugangs|zugriffs|freigabe|abruf|sicherheits|download)-?(?:code|schlüssel) | losungswort
          | mot\sde\spasse | code\s(?:d['’]\s?)?(?:accès|acces|secret) | contraseña | clave(?:\sde\sacceso)? | código\sde\s(?:acceso|acesso)
          | palavra-?\s?passe | senha | parola(?:\s(?:chiave|d['’]\s?ordine))? | codice\s(?:di\s)?accesso | chiave\sdi\saccesso
          | wachtwoord(?:en)? | toegangscode | (?:adgangs|kode)-?(?:kode(?:n)?|ord(?:et)?) | lösenord(?:et)? | passord(?:et)? | tilgangskode(?:n)? | åtkomstkod(?:en)?
          | salasana(?:n)? | tunnussana | pääsykoodi | salasõna | parool(?:i)? | parole(?:s|i)? | piekļuves\skods | slaptažodi(?:s|o|į|žio) | prieigos\skodas
          | hasło | hasła | kod\sdostępu | heslo | hesla | heslem | přístupový\skód | prístupový\skód | geslo | gesla | dostopna\skoda
          | lozink[aeu] | zapork[aeu] | šifr[aeu] | лозинк[аеу]та? | лозинк[аеу] | шифр[аеу] | парол(?:а|ата|и) | код\sза\s(?:достъп|пристап)
          | parol(?:a|ă|ei) | cod(?:ul)?\sde\sacces | κωδικ(?:ός|ού|ό)(?:\s(?:πρόσβασης|εισόδου))? | συνθηματικό | κωδ\.\sπρόσβασης | jelsz(?:ó|ava|avát) | hozzáférési\skód )
        (?:(?:\s+[\p{L}.'’-]+){0,6}?|\s*[\[(][^\])\n]{0,60}[\])])?
        (?P<sign> \s*[:=：] | \s+(?:ist|lautet|is|est|es|è|é|är|er|on|yra|ir|je|to|este|eset|είναι|е|reads)(?:\s*:|\s) )
        [\s*_"'„“”«»‚‘’`\[(<]*
        (?P<rest>[^\n]{1,120})"#,
    )
    .ok()
});

/// The places of passwords in a text, as bytes.
pub fn places(text: &str) -> Vec<Range<usize>> {
    let Some(named) = NAMED.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for captures in named.captures_iter(text) {
        let (Some(sign), Some(rest)) = (captures.name("sign"), captures.name("rest")) else { continue };
        let marked = sign.as_str().contains([':', '=', '：']);
        let length = length(rest.as_str(), marked);
        if length > 0 {
            found.push(rest.start()..rest.start() + length);
        }
    }
    found
}

/// How much of what follows the word is the password; 0 if it only speaks of one ("will be sent by telephone").
fn length(rest: &str, marked: bool) -> usize {
    let line = rest.trim_end();
    let first = line.split_whitespace().next().unwrap_or_default();
    let bare = first
        .trim_end_matches(['.', ',', ';', '"', '\'', '“', '”', '»', '«', ')', ']', '>', '*', '_', '’', '‘']);
    if bare.is_empty() || bare.chars().count() > LONGEST || bare.starts_with("http") {
        return 0;
    }
    let odd = bare.chars().any(|c| c.is_numeric() || !c.is_alphanumeric())
        || bare.chars().skip(1).any(char::is_uppercase);
    let alone = line.split_whitespace().count() == 1;
    let ends = first.len() > bare.len();
    if odd || (marked && (alone || ends)) {
        return bare.len();
    }
    // Words that only a colon makes a password: a few, and nothing that reads on as a sentence.
    let words = line.split_whitespace().count();
    if marked && words <= 4 && !line.ends_with('.') {
        line.trim_end_matches(['"', '”', '“', '»']).len()
    } else {
        0
    }
}

/// `text` with bars in the place of passwords.
pub fn strike_passwords(text: &str) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for place in places(text) {
        out.push_str(text.get(done..place.start).unwrap_or_default());
        out.push_str(BARS);
        done = place.end;
    }
    out + text.get(done..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{places, strike_passwords};

    #[test]
    fn passwords_are_found_in_each_language() {
        let given = [
            "Das Passwort: Kx7-abc",
            "Passwort für den Link lautet: Kx7-abc",
            "Das Kennwort ist Kx7-abc und gilt bis Mai.",
            "The password for the link is: Kx7-abc",
            "Password = Kx7-abc",
            "Access code: Kx7-abc",
            "Mot de passe : Kx7-abc",
            "Code d’accès : Kx7-abc",
            "Contraseña: Kx7-abc",
            "La palavra-passe é Kx7-abc.",
            "Password di accesso: Kx7-abc",
            "Wachtwoord: Kx7-abc",
            "Adgangskode: Kx7-abc",
            "Lösenordet är Kx7-abc",
            "Passord: Kx7-abc",
            "Salasana on Kx7-abc",
            "Salasõna: Kx7-abc",
            "Parole: Kx7-abc",
            "Slaptažodis: Kx7-abc",
            "Hasło do pliku: Kx7-abc",
            "Heslo je Kx7-abc",
            "Heslo: Kx7-abc",
            "Geslo: Kx7-abc",
            "Lozinka: Kx7-abc",
            "Лозинка: Kx7-abc",
            "Паролата е: Kx7-abc",
            "Parola: Kx7-abc",
            "Κωδικός πρόσβασης: Kx7-abc",
            "Jelszó: Kx7-abc",
            "Passwort:\n\n  Kx7-abc\n",
            "Passwort: \"Kx7-abc\"",
        ];
        for text in given {
            let struck = strike_passwords(text);
            assert!(!struck.contains("Kx7") && struck.contains("████"), "{text}: {struck}");
        }
        assert!(!strike_passwords("Passwort: sonnenblume").contains("sonnen"));
        assert!(!strike_passwords("Passwort: korrekt pferd batterie").contains("pferd"));
    }

    #[test]
    fn what_only_speaks_of_a_password_stays() {
        let spoken = [
            "Das Passwort erhalten Sie mit getrennter Post.",
            "The password is sent separately.",
            "Das Passwort: wird Ihnen in einer gesonderten Nachricht zugesandt.",
            "Le mot de passe est envoyé par courrier.",
            "Hasło jest wysyłane osobno.",
            "Die Datei ist mit einem Passwort geschützt.",
            "Passwort: https://x.example/a1",
        ];
        for text in spoken {
            assert!(places(text).is_empty(), "{text}: {}", strike_passwords(text));
        }
    }
}
