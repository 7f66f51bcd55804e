//! The mails that are measured: everyday ones, and ones with documents; the worst have a file of their own.

pub mod worst;

use askance::domain::incoming::{Knowledge, understand};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What an authority writes, by language.
const LETTERS: &[(&str, &str, &str)] = &[
    (
        "de",
        "Ihr Antrag auf Informationszugang",
        "Sehr geehrte Damen und Herren,\n\nIhr Antrag vom 3. März 2026 ist bei uns eingegangen und wird unter dem Aktenzeichen {n}/2026 bearbeitet. Wegen des Umfangs der begehrten Unterlagen verlängert sich die Frist um einen Monat. Sie erhalten bis zum 14.05.2026 eine Entscheidung. Nach § 10 IFG können Gebühren anfallen.\n\nMit freundlichen Grüßen\nIm Auftrag\nPoststelle",
    ),
    (
        "en",
        "Your request for information",
        "Dear Ms Varga,\n\nThank you for your request, which we received on 3 March 2026. Our reference is FOI/2026/{n}. We hold the information you asked for, but it is exempt from disclosure under section 31(1)(a) of the Freedom of Information Act 2000. If you are unhappy with this decision you may ask for an internal review within 40 working days.\n\nYours sincerely\nInformation Rights Team",
    ),
    (
        "fr",
        "Votre demande de communication",
        "Madame,\n\nNous accusons réception de votre demande du 3 mars 2026, enregistrée sous le numéro {n}-2026. Le document demandé n'existe pas dans nos services. Votre demande a été transmise à la préfecture, compétente en la matière. Vous pouvez saisir la Commission d'accès aux documents administratifs dans un délai de deux mois.\n\nVeuillez agréer, Madame, nos salutations distinguées.",
    ),
    (
        "el",
        "Το αίτημά σας",
        "Αξιότιμη κυρία,\n\nΣας ενημερώνουμε ότι το αίτημά σας της 3ης Μαρτίου 2026 πρωτοκολλήθηκε με αριθμό {n}/2026. Η υπηρεσία μας δεν τηρεί τα στοιχεία που ζητάτε. Για την εξέταση του αιτήματος απαιτούνται πρόσθετες διευκρινίσεις.\n\nΜε εκτίμηση\nΓραφείο Πρωτοκόλλου",
    ),
    (
        "pl",
        "Wniosek o udostępnienie informacji",
        "Szanowna Pani,\n\nw odpowiedzi na wniosek z dnia 3 marca 2026 r., sprawa nr {n}.2026, informujemy, że termin jego rozpatrzenia zostaje przedłużony do dnia 14.05.2026 r. ze względu na konieczność zebrania danych. Na podstawie art. 5 ust. 2 ustawy odmawiamy udostępnienia części dokumentów.\n\nZ poważaniem",
    ),
    (
        "it",
        "Richiesta di accesso civico",
        "Gentile Signora,\n\nla Sua richiesta del 3 marzo 2026 è stata protocollata con il numero {n}/2026. In allegato trasmettiamo i documenti richiesti. Parte dei dati è stata oscurata ai sensi dell'art. 5-bis del d.lgs. 33/2013.\n\nCordiali saluti",
    ),
    (
        "bg",
        "Заявление за достъп до информация",
        "Уважаема госпожо,\n\nВашето заявление от 3 март 2026 г. е регистрирано под № {n}-2026. Срокът за отговор се удължава с 10 дни. Отказваме достъп до част от информацията на основание чл. 37, ал. 1, т. 2 от закона.\n\nС уважение",
    ),
    (
        "fi",
        "Tietopyyntönne",
        "Hei,\n\ntietopyyntönne on vastaanotettu 3.3.2026 ja kirjattu numerolla {n}/2026. Pyydettyä asiakirjaa ei ole hallussamme. Asia on siirretty poliisihallitukselle. Vastaamme viimeistään 14.5.2026.\n\nYstävällisin terveisin",
    ),
];

/// What stands in the PDFs: they are written without the tables that other scripts need.
const PRINTED: (&str, &str, &str) = (
    "en",
    "",
    "Decision on your request {n}. We refuse access to the contract under section 43(2) of the Freedom of Information Act 2000, because its disclosure would prejudice commercial interests. The other documents are enclosed.",
);

/// Raw mails.
type Mails = Vec<Vec<u8>>;

/// A set of mails that is measured as one.
pub struct Set {
    /// Its name in the table.
    pub name: &'static str,
    /// Whether documents are in it, whose reading is no parsing of mail.
    pub documents: bool,
    /// The mails.
    pub mails: Mails,
}

/// All everyday sets, then the corpus of the tests.
pub fn sets() -> std::io::Result<Vec<Set>> {
    let plain = |n: usize, letter: &(&str, &str, &str)| mail(n, letter, "text/plain", &text(n, letter));
    let english: Vec<_> = LETTERS.iter().filter(|letter| letter.0 == "en").collect();
    let every = || (0..240).zip(LETTERS.iter().cycle());
    let documents =
        every().take(48).map(|(n, letter)| with_documents(n, letter)).collect::<Result<_, _>>()?;
    let (bare, attached) = corpus(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus")))?;
    Ok(vec![
        Set {
            name: "small, English",
            documents: false,
            mails: (0..240).flat_map(|n| english.iter().map(move |letter| plain(n, letter))).collect(),
        },
        Set {
            name: "small, 8 languages",
            documents: false,
            mails: every().map(|(n, letter)| plain(n, letter)).collect(),
        },
        Set {
            name: "HTML beside plain",
            documents: false,
            mails: every().map(|(n, letter)| alternative(n, letter)).collect(),
        },
        Set {
            name: "long thread quoted",
            documents: false,
            mails: every().map(|(n, l)| thread(n, l)).collect(),
        },
        Set { name: "the corpus, bare", documents: false, mails: bare },
        Set { name: "with PDF and docx", documents: true, mails: documents },
        Set { name: "the corpus, with files", documents: true, mails: attached },
    ])
}

fn text(n: usize, (_, _, body): &(&str, &str, &str)) -> String {
    body.replace("{n}", &(1000 + n).to_string())
}

fn head(n: usize, (language, subject, _): &(&str, &str, &str)) -> String {
    let coded = data_encoding::BASE64.encode(subject.as_bytes());
    let mut head = String::new();
    for hop in 0..4 {
        let _ = write!(
            head,
            "Received: from mx{hop}.authority.example (mx{hop}.authority.example [192.0.2.{hop}])\r\n\tby relay{hop}.example with ESMTPS id {n}x{hop}\r\n\tfor <r-2026-0311@post.askance.example>; Tue, 14 Apr 2026 09:12:0{hop} +0200\r\n"
        );
    }
    let _ = write!(
        head,
        "DKIM-Signature: v=1; a=rsa-sha256; d=authority.example; s=sel; h=from:to:subject:date;\r\n\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=dGVzdA==\r\n\
         From: =?utf-8?q?Amt_f=C3=BCr_Auskunft?= <office.{language}@authority.example>\r\n\
         To: r-2026-0311-k3v7abcdefghijkm2a@post.askance.example\r\nSubject: =?utf-8?b?{coded}?=\r\n\
         Date: Tue, 14 Apr 2026 09:12:00 +0200\r\nMessage-ID: <{n}.{language}@authority.example>\r\n\
         In-Reply-To: <letter.{n}@post.askance.example>\r\nReferences: <letter.{n}@post.askance.example>\r\nMIME-Version: 1.0\r\n"
    );
    head
}

fn part(content_type: &str, body: &str) -> String {
    let lines: Vec<String> = body
        .lines()
        .map(|line| {
            let mut out = String::new();
            for byte in line.bytes() {
                if byte.is_ascii_graphic() && byte != b'=' || byte == b' ' {
                    out.push(char::from(byte));
                } else {
                    let _ = write!(out, "={byte:02X}");
                }
                if out.len() - out.rfind('\n').map_or(0, |at| at + 1) > 70 {
                    out.push_str("=\r\n");
                }
            }
            out
        })
        .collect();
    format!(
        "Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
        lines.join("\r\n")
    )
}

fn mail(n: usize, letter: &(&str, &str, &str), content_type: &str, body: &str) -> Vec<u8> {
    (head(n, letter) + &part(content_type, body)).into_bytes()
}

fn html(body: &str) -> String {
    let paragraphs: Vec<String> = body
        .split("\n\n")
        .map(|p| {
            format!("<p class=\"MsoNormal\"><span style='font-size:11.0pt;color:#1F497D'>{p}</span></p>")
        })
        .collect();
    format!(
        "<html><head><meta charset=utf-8><style>p.MsoNormal {{ margin: 0cm; font-family: Calibri }}</style></head><body lang=DE><div class=WordSection1>{}<table border=0><tr><td><img src=\"cid:logo\"></td><td>Amt für Auskunft</td></tr></table></div></body></html>",
        paragraphs.join("\n")
    )
}

fn alternative(n: usize, letter: &(&str, &str, &str)) -> Vec<u8> {
    let body = text(n, letter);
    let (plain, rich) = (part("text/plain", &body), part("text/html", &html(&body)));
    format!(
        "{}Content-Type: multipart/alternative; boundary=\"b{n}\"\r\n\r\n--b{n}\r\n{plain}--b{n}\r\n{rich}--b{n}--\r\n",
        head(n, letter)
    )
    .into_bytes()
}

fn thread(n: usize, letter: &(&str, &str, &str)) -> Vec<u8> {
    let mut body = text(n, letter);
    for depth in 1..6 {
        let marks = ">".repeat(depth);
        let _ = write!(body, "\n\n{marks} On 3 March 2026 Mara Varga wrote:\n");
        for line in text(n + depth, letter).lines() {
            let _ = writeln!(body, "{marks} {line}");
        }
    }
    mail(n, letter, "text/plain", &body)
}

/// Adds a file as one more part.
pub fn attach(out: &mut String, boundary: &str, name: &str, content_type: &str, bytes: &[u8]) {
    let _ = write!(
        out,
        "--{boundary}\r\nContent-Type: {content_type}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        data_encoding::BASE64_MIME.encode(bytes)
    );
}

fn with_documents(n: usize, letter: &(&str, &str, &str)) -> std::io::Result<Vec<u8>> {
    let body = text(n, letter);
    let mut out = format!(
        "{}Content-Type: multipart/mixed; boundary=\"m{n}\"\r\n\r\n--m{n}\r\n{}",
        head(n, letter),
        part("text/plain", &body)
    );
    let boundary = format!("m{n}");
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    attach(&mut out, &boundary, "decision.docx", docx, &docx_of(&body.repeat(5))?);
    attach(&mut out, &boundary, "decision.pdf", "application/pdf", &pdf_of(&text(n, &PRINTED)));
    let _ = write!(out, "--m{n}--\r\n");
    Ok(out.into_bytes())
}

fn docx_of(text: &str) -> std::io::Result<Vec<u8>> {
    let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    file.start_file("word/document.xml", zip::write::SimpleFileOptions::default())
        .map_err(std::io::Error::other)?;
    let paragraphs: Vec<String> =
        text.lines().map(|line| format!("<w:p><w:r><w:t>{line}</w:t></w:r></w:p>")).collect();
    write!(
        file,
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{}</w:body></w:document>",
        paragraphs.join("")
    )?;
    Ok(file.finish().map_err(std::io::Error::other)?.into_inner())
}

/// Two pages of text without compression, with the table of its objects as it must be.
fn pdf_of(text: &str) -> Vec<u8> {
    let mut page = "BT /F1 11 Tf 14 TL 60 780 Td\n".to_owned();
    for line in text.repeat(4).lines() {
        for piece in line.as_bytes().chunks(85) {
            let safe: String =
                piece.iter().map(|b| if b"()\\".contains(b) { ' ' } else { char::from(*b) }).collect();
            let _ = writeln!(page, "({safe}) Tj T*");
        }
    }
    page.push_str("ET");
    let kid = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 6 0 R >> >> >>";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>".to_owned(),
        kid.to_owned(),
        kid.to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let at = out.len();
    let _ = write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(out, "{place:010} 00000 n ");
    }
    let _ = write!(out, "trailer << /Size {} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}

/// The mails of the tests: those without files, those with some.
fn corpus(folder: &Path) -> std::io::Result<(Mails, Mails)> {
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    let (mut bare, mut attached) = (Vec::new(), Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path)?.flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|ending| ending == "eml") {
            let raw = std::fs::read(path)?;
            let has_file = understand(&raw, &Knowledge::default()).attachments;
            if has_file.is_empty() { bare.push(raw) } else { attached.push(raw) }
        }
    }
    Ok((bare, attached))
}
