//! The table of authorities in CSV: its columns, and what each row says or what is wrong with it.

use crate::domain::authority::{AuthorityKind, EmailAddress, names_one_body, slug};
use crate::domain::country;
use crate::domain::law::part::Part;
use crate::service::Context;
use crate::service::authorities::import::choosing::choose;
use crate::service::authorities::import::{Error, Remark};
use crate::service::authorities::law::Facts;

/// The columns of our own form; `place` is the town or area in words.
const COLUMNS: &[&str] = &[
    "key",
    "name",
    "name_local",
    "short_name",
    "country",
    "type",
    "place",
    "part",
    "email",
    "email_role",
    "website",
    "foi_page",
    "language",
    "law",
    "law_reason",
    "parent_key",
    "wikidata",
    "lau",
    "nuts",
    "source",
    "source_id",
    "source_url",
    "retrieved",
    "status",
];
const REQUIRED: &[&str] = &["name", "country", "type"];
/// Mailboxes that anybody can open: no authority is written to there before a person has said so.
const FREE_MAIL: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "proton.me",
    "protonmail.com",
];

/// The table, read.
#[derive(Debug, Default)]
pub struct Table {
    /// Columns that nobody knows.
    pub unknown: Vec<String>,
    /// Rows that can be taken.
    pub rows: Vec<Row>,
    /// Why others cannot.
    pub wrong: Vec<Remark>,
}

/// A row that can be taken.
#[derive(Debug)]
pub struct Row {
    /// The line, the head being 1.
    pub line: u64,
    /// Address of its page, where the file says one.
    pub key: Option<String>,
    /// In its own language and script.
    pub name: String,
    /// English name.
    pub name_en: Option<String>,
    /// ISO 3166-1 alpha-2, or EU.
    pub country: String,
    /// What kind of body.
    pub kind: AuthorityKind,
    /// Town or area.
    pub place: String,
    /// BCP 47.
    pub language: String,
    /// Where requests go.
    pub email: Option<EmailAddress>,
    /// The part of the country, as the file, a number of its place or the law says.
    pub part: Option<String>,
    /// Id of the law, as the file says or the rules choose.
    pub law: Option<String>,
    /// Why, where the file says another law than the rules choose.
    pub law_reason: Option<String>,
    /// What is to be said of its law when it is entered.
    pub of_the_law: Option<String>,
    /// Its pages.
    pub website: Option<String>,
    /// Where the entry comes from.
    pub source: String,
    /// (scheme, value).
    pub identifiers: Vec<(String, String)>,
    /// Whether it is no more.
    pub defunct: bool,
    /// What is odd but no reason to leave the row out.
    pub remarks: Vec<String>,
}

/// Reads a table; a wrong row becomes a remark, a wrong head is an error.
pub fn read(ctx: &Context, csv: &[u8]) -> Result<Table, Error> {
    let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(csv);
    let head = reader.headers().map_err(|error| Error::NoTable(error.to_string()))?.clone();
    if let Some(missing) = REQUIRED.iter().find(|column| !head.iter().any(|name| name == **column)) {
        return Err(Error::NoColumn(missing));
    }
    let unknown = head.iter().filter(|name| !COLUMNS.contains(name)).map(str::to_owned).collect();
    let mut table = Table { unknown, ..Table::default() };
    let mut line = 1;
    for record in reader.records() {
        line += 1;
        match record {
            Ok(record) => {
                line = record.position().map_or(line, csv::Position::line);
                match row(ctx, line, &Cells { head: &head, record: &record }) {
                    Ok(row) => table.rows.push(row),
                    Err(words) => table.wrong.push(Remark { line, words }),
                }
            }
            Err(error) => {
                line = error.position().map_or(line, csv::Position::line);
                table.wrong.push(Remark { line, words: format!("this line cannot be read: {error}") });
            }
        }
    }
    Ok(table)
}

/// The cells of a line by the names of their columns.
struct Cells<'a> {
    head: &'a csv::StringRecord,
    record: &'a csv::StringRecord,
}

impl Cells<'_> {
    /// What stands in a column; an empty cell is none.
    fn get(&self, column: &str) -> Option<&str> {
        let place = self.head.iter().position(|name| name == column)?;
        self.record.get(place).filter(|cell| !cell.is_empty())
    }

    fn owned(&self, column: &str) -> Option<String> {
        self.get(column).map(str::to_owned)
    }

    fn required(&self, column: &'static str) -> Result<&str, String> {
        self.get(column).ok_or_else(|| format!("expected something under `{column}`, found nothing"))
    }
}

fn row(ctx: &Context, line: u64, cells: &Cells<'_>) -> Result<Row, String> {
    if cells.record.len() > cells.head.len() {
        let (expected, found) = (cells.head.len(), cells.record.len());
        return Err(format!("expected {expected} cells as in the head, found `{found}`"));
    }
    let mut remarks = Vec::new();
    let english = cells.required("name")?.to_owned();
    let country = country_of(cells.required("country")?)?;
    let kind = cells.required("type")?.parse::<AuthorityKind>().map_err(|error| error.to_string())?;
    let email = email(cells, &mut remarks)?;
    let local = cells.owned("name_local").filter(|local| *local != english);
    let (name, name_en) = match local {
        Some(local) => (local, Some(english)),
        None => (english, None),
    };
    let source = cells.owned("source").unwrap_or_else(|| "import".to_owned());
    let identifiers = identifiers(cells, (&country, &source))?;
    let part = part(cells, &country)?;
    let facts = Facts {
        country: &country,
        kind,
        names: (&name, name_en.as_deref()),
        part: part.as_ref(),
        identifiers: &identifiers,
    };
    let chosen = choose(ctx, &facts, (cells.get("law"), cells.get("law_reason")))?;
    Ok(Row {
        line,
        key: cells.get("key").map(slug).filter(|key| !key.is_empty()),
        language: language(ctx, cells, (&country, chosen.law.as_deref()))?,
        place: cells.owned("place").unwrap_or_default(),
        website: website(cells)?,
        identifiers,
        defunct: defunct(cells)?,
        name,
        name_en,
        country,
        kind,
        email,
        law: chosen.law,
        law_reason: chosen.reason,
        of_the_law: chosen.remark,
        part: chosen.part,
        source,
        remarks,
    })
}

/// `UK` and `EL` of the statistical office are `GB` and `GR` of ISO 3166.
fn country_of(cell: &str) -> Result<String, String> {
    let code = cell.to_ascii_uppercase();
    match code.as_str() {
        "UK" => Ok("GB".to_owned()),
        "EL" => Ok("GR".to_owned()),
        _ if country::is_known(&code) => Ok(code),
        _ => Err(format!("expected a country's code of ISO 3166-1, or EU, under `country`, found `{cell}`")),
    }
}

/// The part of the country, in a cell of its own.
fn part(cells: &Cells<'_>, country: &str) -> Result<Option<Part>, String> {
    let Some(cell) = cells.get("part") else { return Ok(None) };
    let part = cell.to_ascii_uppercase().parse::<Part>().map_err(|error| error.to_string())?;
    if part.country() == country {
        Ok(Some(part))
    } else {
        Err(format!("expected a part of `{country}` under `part`, found `{cell}`"))
    }
}

/// As the file says, else that of the law, else that of the country's laws.
fn language(
    ctx: &Context,
    cells: &Cells<'_>,
    (country, law): (&str, Option<&str>),
) -> Result<String, String> {
    if let Some(cell) = cells.get("language") {
        let primary = cell.split('-').next().unwrap_or_default();
        let plain = matches!(primary.len(), 2 | 3) && cell.len() <= 12;
        let allowed = cell.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let fine = plain && allowed && primary.bytes().all(|b| b.is_ascii_lowercase());
        return if fine {
            Ok(cell.to_owned())
        } else {
            Err(format!("expected a language as `de` or `sr-Latn` under `language`, found `{cell}`"))
        };
    }
    let mut laws = ctx.library.laws.regimes();
    let found = match law {
        Some(law) => laws.find(|regime| regime.id.as_str() == law),
        None => laws.find(|regime| regime.country == country),
    };
    Ok(found.and_then(|regime| regime.languages.first().cloned()).unwrap_or_else(|| "en".to_owned()))
}

fn email(cells: &Cells<'_>, remarks: &mut Vec<String>) -> Result<Option<EmailAddress>, String> {
    let Some(cell) = cells.get("email") else { return Ok(None) };
    let address: EmailAddress = cell.parse().map_err(|error| format!("{error}"))?;
    match cells.get("email_role") {
        None | Some("requests" | "foi" | "general") => {}
        Some("dpo" | "data_protection") => {
            remarks.push("the address is the data protection officer’s; requests do not go there".to_owned());
            return Ok(None);
        }
        Some(other) => {
            return Err(format!(
                "expected requests, foi, general or dpo under `email_role`, found `{other}`"
            ));
        }
    }
    if FREE_MAIL.contains(&address.domain()) {
        remarks.push(format!(
            "`{cell}` can be anybody’s mailbox and was left out; if it is right, say so at the desk"
        ));
        return Ok(None);
    }
    Ok(Some(address))
}

fn website(cells: &Cells<'_>) -> Result<Option<String>, String> {
    let Some(cell) = cells.get("website") else { return Ok(None) };
    if cell.starts_with("https://") || cell.starts_with("http://") {
        return Ok(Some(cell.to_owned()));
    }
    Err(format!("expected an address that starts with `https://` under `website`, found `{cell}`"))
}

fn defunct(cells: &Cells<'_>) -> Result<bool, String> {
    match cells.get("status") {
        None | Some("active") => Ok(false),
        Some("defunct") => Ok(true),
        Some(other) => Err(format!("expected active or defunct under `status`, found `{other}`")),
    }
}

fn identifiers(cells: &Cells<'_>, (country, source): (&str, &str)) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    if let Some(number) = cells.get("source_id") {
        if cells.get("source").is_none() {
            return Err(format!("expected the name of its source beside the `source_id` `{number}`"));
        }
        if !names_one_body(source) {
            return Err(format!(
                "expected a list of bodies under `source`, found `{source}`, which numbers places"
            ));
        }
        found.push((source.to_owned(), number.to_owned()));
    }
    if let Some(item) = cells.get("wikidata") {
        let digits = item.strip_prefix('Q').unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("expected an item as `Q64` under `wikidata`, found `{item}`"));
        }
        found.push(("wikidata".to_owned(), item.to_owned()));
    }
    // Numbers of municipalities are unique within their country only.
    found.extend(cells.get("lau").map(|lau| ("lau".to_owned(), format!("{country}:{lau}"))));
    found.extend(cells.get("nuts").map(|nuts| ("nuts".to_owned(), nuts.to_owned())));
    Ok(found)
}
