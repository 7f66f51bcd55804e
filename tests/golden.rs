//! Every public page with its sample, under strict templates, against a golden file that is read in review.
//!
//! A mismatch leaves what was rendered beside the golden file as `*.actual`; move it there if it is right.

mod desk;

use askance::web::error;
use askance::web::page::{Chrome, Pages, Setup};
use askance::web::public::{
    about, attachment, authorities, authority, dates, deadline, deployment, deployments, digests, home, law,
    laws, request, request_sample, requests,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Pages {
    Pages::new(&Setup {
        public_url: "https://askance.example".to_owned(),
        demonstration: false,
        templates_dir: Some(root().join("templates")),
    })
}

/// Name of the golden file and the page, for every template and every state worth a look.
#[expect(clippy::too_many_lines, reason = "a table of pages, one a line or two")]
pub fn samples() -> Vec<(&'static str, String)> {
    let site = crate::support::Site::new(crate::support::Backend::Sqlite);
    let ctx = &site.ctx;
    let now = request_sample::now();
    let pages = pages();
    let (late, waiting) = (request::Page::sample(ctx).unwrap(), request::Page::waiting(ctx).unwrap());
    let one = authority::Page::sample();
    let place = deployment::Page::sample();
    let foia = law::Page::sample(ctx).unwrap();
    vec![
        ("public/about", pages.text(about::TEMPLATE, &about::chrome(), &about::Page::sample()).unwrap()),
        (
            "public/attachment",
            pages.text(attachment::TEMPLATE, &attachment::chrome(), &attachment::Gone::sample()).unwrap(),
        ),
        (
            "public/digests",
            pages.text(digests::TEMPLATE, &digests::chrome(), &digests::Page::sample()).unwrap(),
        ),
        (
            "public/authorities",
            pages
                .text(
                    authorities::TEMPLATE,
                    &authorities::chrome(now),
                    &authorities::Page::sample(&ctx.library.laws),
                )
                .unwrap(),
        ),
        ("public/authority", pages.text(authority::TEMPLATE, &authority::chrome(&one, now), &one).unwrap()),
        (
            "public/deployment",
            pages.text(deployment::TEMPLATE, &deployment::chrome(&place, now), &place).unwrap(),
        ),
        (
            "public/deployments",
            pages
                .text(deployments::TEMPLATE, &deployments::chrome(now), &deployments::Page::sample())
                .unwrap(),
        ),
        ("public/home", pages.text(home::TEMPLATE, &home::chrome(now), &home::Page::sample()).unwrap()),
        ("public/law", pages.text(law::TEMPLATE, &law::chrome(&foia, now), &foia).unwrap()),
        ("public/laws", pages.text(laws::TEMPLATE, &laws::chrome(now), &laws::Page::sample(ctx)).unwrap()),
        ("public/request", pages.text(request::TEMPLATE, &request::chrome(&late, now), &late).unwrap()),
        (
            "public/request-waiting",
            pages.text(request::TEMPLATE, &request::chrome(&waiting, now), &waiting).unwrap(),
        ),
        (
            "public/requests",
            pages.text(requests::TEMPLATE, &requests::chrome(now), &requests::Page::sample()).unwrap(),
        ),
        (
            "public/requests-empty",
            pages.text(requests::TEMPLATE, &requests::chrome(now), &requests::Page::empty()).unwrap(),
        ),
        (
            "layout/error",
            pages
                .text(
                    error::TEMPLATE,
                    &Chrome::public("There is no such request", ""),
                    &error::Page::sample(),
                )
                .unwrap(),
        ),
    ]
}

/// The calculator: not asked yet, French silence, an extension that came too late, a question that came back.
fn calculator() -> Vec<(&'static str, String)> {
    let site = crate::support::Site::new(crate::support::Backend::Sqlite);
    let (ctx, now) = (&site.ctx, request_sample::now());
    let page = |name, page: deadline::Page| {
        (name, pages().text(deadline::TEMPLATE, &deadline::chrome(&page, now), &page).unwrap())
    };
    vec![
        page("public/deadline", deadline::Page::sample(ctx, now)),
        page("public/deadline-empty", deadline::Page::empty(ctx, now)),
        page("public/deadline-late", deadline::Page::late(ctx, now)),
        page("public/deadline-wrong", deadline::Page::wrong(ctx, now)),
    ]
}

/// Requests whose clocks did something, and how the dates of one were counted.
fn clocks() -> Vec<(&'static str, String)> {
    let site = crate::support::Site::new(crate::support::Backend::Sqlite);
    let (ctx, now, pages) = (&site.ctx, request_sample::now(), pages());
    let request =
        |page: request::Page| pages.text(request::TEMPLATE, &request::chrome(&page, now), &page).unwrap();
    let counted = dates::Page::sample(ctx).unwrap();
    vec![
        ("public/dates", pages.text(dates::TEMPLATE, &dates::chrome(&counted, now), &counted).unwrap()),
        ("public/request-paused", request(request::Page::paused(ctx).unwrap())),
        ("public/request-silent", request(request::Page::silent(ctx).unwrap())),
    ]
}

/// The samples of both sides of the site.
fn all() -> Vec<(&'static str, String)> {
    [samples(), clocks(), calculator(), desk::samples()].concat()
}

/// The parts that are the same on all pages stand in one golden file only; each other shows its own matter.
fn matter(page: &str) -> String {
    let from = page.find("<main").unwrap();
    let to = page.find("</main>").unwrap();
    let title = page.lines().find(|line| line.starts_with("<title>")).unwrap();
    // The version of a law's rules changes with every touch of its data file.
    let versions = regex::Regex::new(r"([a-z]{2}-[a-z0-9-]+)@[0-9a-f]{8}").unwrap();
    let style = regex::Regex::new(r"/assets/([a-z]+)\.[0-9a-f]{12}\.").unwrap();
    let text = format!("{title}\n{}</main>\n", &page[from..to]);
    style.replace_all(&versions.replace_all(&text, "$1@…"), "/assets/$1.….").into_owned()
}

#[test]
fn pages_read_as_their_golden_files() {
    let mut wrong = Vec::new();
    // For a look in a browser: GOLDEN_PAGES=folder leaves the whole pages there. The program refuses to start with
    // an `ASKANCE_*` variable that is no setting of it, so this is none.
    let whole = std::env::var("GOLDEN_PAGES").ok().map(PathBuf::from);
    for (name, page) in all() {
        if let Some(folder) = &whole {
            std::fs::write(folder.join(format!("{}.html", name.replace('/', "-"))), &page).unwrap();
        }
        let file = root().join("tests/golden").join(format!("{name}.html"));
        let actual = matter(&page);
        if std::fs::read_to_string(&file).unwrap_or_default() != actual {
            let beside = file.with_extension("html.actual");
            std::fs::create_dir_all(beside.parent().unwrap()).unwrap();
            std::fs::write(&beside, actual).unwrap();
            wrong.push(beside.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "these differ from their golden files: {wrong:#?}");
}

#[test]
fn pages_are_whole_and_carry_nothing_inline() {
    for (name, page) in all() {
        assert_eq!(page.matches("<h1").count(), 1, "{name}: one h1");
        assert!(page.contains("<html lang=\"en\">"), "{name}: a language");
        assert!(page.contains(r##"<a class="skip" href="#main">"##), "{name}: a way past the navigation");
        for forbidden in ["<script", " style=", "javascript:", " onclick=", "<style"] {
            assert!(!page.contains(forbidden), "{name}: `{forbidden}` would break the header profile");
        }
        // A link within the page leads somewhere.
        let ids: BTreeSet<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(target), "{name}: nothing has the id `{target}`");
        }
        let all = page.split(" id=\"").skip(1).count();
        assert_eq!(all, ids.len(), "{name}: an id is there twice");
        for opened in
            ["section", "div", "table", "tr", "ol", "ul", "dl", "details", "article", "figure", "svg", "form"]
        {
            let (open, close) = (format!("<{opened}"), format!("</{opened}>"));
            let starts = page
                .match_indices(&open)
                .filter(|(at, _)| page[at + open.len()..].starts_with([' ', '>', '\n']));
            assert_eq!(
                starts.count(),
                page.matches(&close).count(),
                "{name}: `{opened}` is closed as often as opened"
            );
        }
    }
}

/// Template name = module path: nobody has to search for the code of a page.
#[test]
fn a_page_and_its_template_have_the_same_path() {
    let files = |folder: &Path, suffix: &str, sign: &str| -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if let Some(stem) = name.strip_suffix(suffix)
                && std::fs::read_to_string(&path).unwrap().contains(sign)
            {
                names.insert(stem.to_owned());
            }
        }
        names
    };
    for side in ["public", "desk"] {
        let templates = files(&root().join("templates").join(side), ".html", "{% extends");
        let modules = files(&root().join("src/web").join(side), ".rs", "pub const TEMPLATE");
        assert!(!templates.is_empty(), "no template was found");
        assert_eq!(templates, modules);
    }
}

/// What a person wrote cannot become part of the page.
#[test]
fn nothing_typed_becomes_markup() {
    let pages = pages();
    let mut chrome = Chrome::public("<b>\"title\"</b>", "");
    chrome.summary = Some("\"><script>alert(1)</script>".to_owned());
    let page =
        error::Page::of(&error::Error::BadRequest("<img src=x onerror=alert('1')>".to_owned()), "/<x>");
    let text = pages.text(error::TEMPLATE, &chrome, &page).unwrap();
    assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
    assert!(text.contains("&lt;img src=x onerror=alert(&#39;1&#39;)&gt;"));
    assert!(text.contains("content=\"&quot;&gt;&lt;script&gt;"));
}
