//! Text that an HTML mail does not show is told apart: never the sender's words, never evidence, never lost.

use crate::corpus::KNOWLEDGE;
use askance::domain::incoming::mime::Notes;
use askance::domain::incoming::mime::html::{self, Page};
use askance::domain::incoming::reading::Kind;
use askance::domain::incoming::{Incoming, understand};
use std::time::{Duration, Instant};

const SECRET: &str = "Ihr Antrag wird abgelehnt, weil das Geheimnis gewahrt bleiben muss.";
const SEEN: &str = "Ihr Antrag ist hier eingegangen und wird bearbeitet.";

fn page(html: &str) -> Page {
    html::read(html, &mut Notes::default())
}

fn mail(html: &str) -> Incoming {
    let raw = format!(
        "From: amt@brandau.example\r\nTo: a@post.example\r\nSubject: Ihr Antrag\r\nContent-Type: text/html; \
         charset=utf-8\r\n\r\n{html}"
    );
    understand(raw.as_bytes(), &KNOWLEDGE)
}

/// `SECRET` in the element, between two passages that are seen.
fn around(style: &str, element: &str) -> String {
    format!(
        "<html><head><style>{style}</style></head><body><p>{SEEN}</p>{}<p>Mit freundlichen Grüßen</p></body></html>",
        element.replace("SECRET", SECRET)
    )
}

#[test]
fn decision_that_is_hidden_by_any_style_is_kept_apart() {
    let forms = [
        ("", "<div style='display:none'>SECRET</div>"),
        ("", "<div style='DISPLAY : None !important; display: block'>SECRET</div>"),
        ("", "<div style='displa\\79:none'>SECRET</div>"),
        ("", "<div style='display&#58;none'>SECRET</div>"),
        ("", "<div style='dis/**/play:none;display/* */:none'>SECRET</div>"),
        ("", "<div hidden>SECRET</div>"),
        ("", "<span style='visibility:hidden'>SECRET</span>"),
        ("", "<p style='font-size:0'>SECRET</p>"),
        ("", "<p style='font-size:1px;line-height:1px'>SECRET</p>"),
        ("", "<p style='font:0/0 a'>SECRET</p>"),
        ("", "<p style='opacity:0'>SECRET</p>"),
        ("", "<p style='color:#fff'>SECRET</p>"),
        ("", "<p style='color:rgb(254, 254, 254)'>SECRET</p>"),
        ("", "<p style='color:transparent'>SECRET</p>"),
        ("", "<font color='white'>SECRET</font>"),
        ("", "<table bgcolor='#003366'><tr><td><font color='#003366'>SECRET</font></td></tr></table>"),
        ("", "<div style='position:absolute;left:-9999px'>SECRET</div>"),
        ("", "<div style='position:absolute;top:-100em'>SECRET</div>"),
        ("", "<div style='text-indent:-9999px'>SECRET</div>"),
        ("", "<div style='height:0;overflow:hidden'>SECRET</div>"),
        ("", "<div style='max-height:0px;overflow:hidden'>SECRET</div>"),
        ("", "<div style='position:absolute;clip:rect(0 0 0 0)'>SECRET</div>"),
        ("", "<span style='mso-hide:all'>SECRET</span>"),
        (".x{display:none}", "<div class='a x'>SECRET</div>"),
        ("<!-- .X { display: none } -->", "<div class='x'>SECRET</div>"),
        ("#y{visibility:hidden}", "<div id=y>SECRET</div>"),
        ("p.z,em{font-size:0}", "<em>SECRET</em>"),
        ("td .x > b{color:white}", "<table><tr><td><i class=x><b>SECRET</b></i></td></tr></table>"),
        ("@media screen{.x{display:none}}", "<div class=x>SECRET</div>"),
        ("@media (min-width:1px){.x{display:none}}", "<div class=x>SECRET</div>"),
        (".x{display:none!important}", "<div class=x style='display:block'>SECRET</div>"),
        ("", "<div style='display:none'><p>SECRET<table><tr><td>x</table></div>"),
        ("", "<div style='display:none'><ul><li>SECRET</ul></div>"),
        ("", "<img src=a style='display:none' alt='SECRET'>"),
    ];
    for (style, element) in forms {
        let incoming = mail(&around(style, element));
        assert!(!incoming.full_text.contains("abgelehnt"), "{style} {element}: {}", incoming.full_text);
        assert!(
            incoming.text.contains(SEEN) && incoming.text.contains("Grüßen"),
            "{element}: {}",
            incoming.text
        );
        assert!(!incoming.reading.evidence.iter().any(|e| e.text.contains("abgelehnt")), "{element}");
        assert_eq!(incoming.reading.kind, Kind::Acknowledgement, "{element}");
        assert!(incoming.hidden_text.as_deref().is_some_and(|text| text.contains(SECRET)), "{element}");
        assert!(
            incoming.hidden.iter().any(|h| h.detail.contains(SECRET)),
            "{element}: {:?}",
            incoming.hidden
        );
        assert!(incoming.notes.iter().any(|note| note.contains("does not show")), "{element}");
    }
}

#[test]
fn what_a_reader_sees_is_never_taken_for_hidden() {
    let forms = [
        ("", "<p>SECRET</p>"),
        ("", "<p style='color:#fff;background:#036'>SECRET</p>"),
        ("", "<table><tr><td bgcolor='#003366'><p style='color:white'>SECRET</p></td></tr></table>"),
        ("td{background-color:navy}", "<table><tr><td><b style='color:#ffffff'>SECRET</b></td></tr></table>"),
        ("", "<div style='background:url(dark.png) #fff'><p style='color:white'>SECRET</p></div>"),
        (
            "tr:first-child td{background:#000}",
            "<table><tr><td><b style='color:#fff'>SECRET</b></td></tr></table>",
        ),
        ("", "<table background='x.png'><tr><td><b style='color:#fff'>SECRET</b></td></tr></table>"),
        ("", "<td style='font-size:0'><div style='font-size:13px'>SECRET</div></td>"),
        ("", "<div style='visibility:hidden'><p style='visibility:visible'>SECRET</p></div>"),
        ("", "<div style='display:none'>x</div><p>SECRET</p>"),
        ("", "<p style='display:none'>x<p>SECRET"),
        ("", "<p style='display:none'>x<div>SECRET</div>"),
        ("", "<table><tr><td style='display:none'>x<td>SECRET</table>"),
        ("", "<ul><li style='display:none'>x<li>SECRET</ul>"),
        ("", "<div><span style='display:none'>x</div>SECRET"),
        ("", "<font color=white><p>x</font>SECRET</p>"),
        ("", "<br style='display:none'>SECRET"),
        ("@media print{p{display:none}}", "<p>SECRET</p>"),
        ("@media (max-width:600px){p{display:none}}", "<p>SECRET</p>"),
        (".x{display:none} p.x{display:block}", "<p class=x>SECRET</p>"),
        ("p:hover{display:none} p::before{display:none}", "<p>SECRET</p>"),
        ("/* p{display:none} */", "<p>SECRET</p>"),
        ("", "<!--[if mso]><p style='display:none'><![endif]--><p>SECRET</p>"),
        ("", "<a href='https://x.example' style='mso-hide:all;background:#06c;color:#fff'>SECRET</a>"),
        ("", "<div style='max-height:0'>SECRET</div>"),
        ("", "<p style='height:0;margin:-1px 0'>SECRET</p>"),
        ("", "<p style='position:relative;left:-4px;color:windowtext'>SECRET</p>"),
        ("", "<p title='>' data-x=\"style='display:none'\">SECRET</p>"),
        ("", "<p style='opacity:0.9;color:#777;font:bold 12px/1.2 Arial'>SECRET</p>"),
    ];
    for (style, element) in forms {
        let page = page(&around(style, element));
        assert!(page.text.contains(SECRET), "{style} {element}: {page:?}");
        assert!(!page.hidden.iter().any(|h| h.text.contains("abgelehnt")), "{style} {element}: {page:?}");
    }
}

#[test]
fn quoted_mail_made_by_outlook_and_apple_is_not_swallowed() {
    let outlook = r##"<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Microsoft Word 15">
<!--[if !mso]><style>v\:* {behavior:url(#default#VML);} .shape {behavior:url(#default#VML);}</style><![endif]-->
<style><!--
@font-face {font-family:Calibri; panose-1:2 15 5 2 2 2 4 3 2 4;}
p.MsoNormal, li.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif; mso-fareast-language:EN-US;}
span.EmailStyle18 {mso-style-type:personal-reply; font-family:"Calibri",sans-serif; color:windowtext;}
.MsoChpDefault {mso-style-type:export-only; font-size:10.0pt;}
@page WordSection1 {size:612.0pt 792.0pt; margin:70.85pt 70.85pt 2.0cm 70.85pt;}
div.WordSection1 {page:WordSection1;}
--></style></head><body lang=DE link="#0563C1" style='word-wrap:break-word'><div class=WordSection1>
<p class=MsoNormal><span style='mso-fareast-language:EN-US'>Ihr Antrag ist eingegangen.<o:p></o:p></span></p>
<p class=MsoNormal><a name="_MailOriginal"><span style='mso-hide:none'>Siehe unten.</span></a></p>
<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>
<p class=MsoNormal><b><span style='color:black'>Von:</span></b><span style='color:black'> Ada Lind &lt;ada@wachsam.example&gt;<br><b>Gesendet:</b> Montag, 2. März 2026 10:00<br><b>An:</b> Amt<br><b>Betreff:</b> Antrag</span></p></div>
<p class=MsoNormal>ich beantrage Zugang zu allen Verträgen.</p></div></body></html>"##;
    let apple = r#"<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">Ihr Antrag ist eingegangen.<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>Am 02.03.2026 um 10:00 schrieb Ada Lind &lt;ada@wachsam.example&gt;:</div><br class="Apple-interchange-newline"><div><div style="caret-color: rgb(0, 0, 0); font-size: 12px; color: rgb(255,255,255); background-color: rgb(30,30,30); text-decoration: none; float: none; display: inline !important;">ich beantrage Zugang zu allen Verträgen.</div></div></blockquote></div></body></html>"#;
    for html in [outlook, apple] {
        let incoming = mail(html);
        assert!(incoming.hidden.is_empty() && incoming.hidden_text.is_none(), "{:?}", incoming.hidden);
        assert!(
            incoming.text.contains("eingegangen") && !incoming.text.contains("beantrage"),
            "{}",
            incoming.text
        );
        assert!(incoming.quoted.is_some_and(|quoted| quoted.contains("beantrage Zugang")));
    }
}

#[test]
fn preheader_that_repeats_the_text_is_no_secret_and_a_mark_of_a_machine_only_a_note() {
    let repeated = mail(&around("", &format!("<div style='display:none'>{SEEN}</div><p>{SECRET}</p>")));
    assert!(repeated.hidden.is_empty() && repeated.notes.iter().all(|note| !note.contains("hides")));
    let marked = mail(&around("", "<span style='color:#FFFFFF'>[ABC-123]</span>"));
    assert!(marked.hidden.is_empty(), "{:?}", marked.hidden);
    assert!(marked.notes.iter().any(|note| note.contains("[ABC-123]")), "{:?}", marked.notes);
}

#[test]
fn html_file_and_mail_within_the_mail_report_what_they_hide() {
    let html = around("", "<div style='display:none'>SECRET</div>");
    let raw = format!(
        "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nAnbei.\r\n--x\r\nContent-Type: \
         text/html; charset=utf-8; name=bescheid.html\r\nContent-Disposition: attachment; filename=bescheid.html\r\n\r\n{html}\r\n--x\r\n\
         Content-Type: message/rfc822\r\n\r\nSubject: innen\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--x--\r\n"
    );
    let incoming = understand(raw.as_bytes(), &KNOWLEDGE);
    assert_eq!(incoming.attachments.len(), 2);
    for file in &incoming.attachments {
        assert!(!file.text.as_deref().unwrap_or_default().contains("abgelehnt"), "{file:?}");
        assert!(file.hidden.iter().any(|hidden| hidden.detail.contains(SECRET)), "{file:?}");
    }
}

#[test]
fn hostile_html_costs_little_and_what_is_not_followed_is_told() {
    let deep = format!("<style>div{{color:#fff}}</style>{}{SECRET}", "<div>".repeat(100_000));
    let odd = format!("{}{SECRET}{}", "<font color=white><p>".repeat(20_000), "</font>".repeat(20_000));
    let unclosed = "<p style='".repeat(60_000);
    let spans = format!("<i><div>{}{}", "<span class=a>".repeat(30_000), "</i>".repeat(100_000));
    let many =
        format!("<style>{}</style>{}", ".a{color:red}".repeat(30_000), "<i class=a>x</i>".repeat(30_000));
    let around =
        format!("<style>{}</style>{}", "p i b u a{color:red}".repeat(9_000), "<i><b><a>x".repeat(20_000));
    let rules = format!("<style>{}</style><p>x", ".b{display:none}".repeat(320_000));
    let comments = format!("<style>{}</style>{}", "/*".repeat(200_000), "<!--".repeat(100_000));
    let media = format!("<style>{}</style>{SECRET}", "@media x{".repeat(100_000));
    for html in [&deep, &odd, &unclosed, &spans, &many, &around, &rules, &comments, &media] {
        let start = Instant::now();
        let incoming = mail(html);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?} {}", start.elapsed(), &html[..60]);
        assert!(!incoming.full_text.contains("abgelehnt") || html == &media || html == &odd);
    }
    assert!(mail(&deep).hidden_text.is_some_and(|text| text.contains(SECRET)));
    for html in [&many, &rules] {
        let incoming = mail(html);
        let told = incoming.hidden.iter().any(|hidden| hidden.detail.contains("more rules of style"));
        assert!(told, "{:?} {:?}", incoming.hidden, incoming.notes);
    }
}
