//! The style sheets of a mail: rules by element, class and id, as far as they can hide text.

use crate::domain::incoming::mime::html::look::Look;
use std::collections::HashMap;

/// So many rules are kept; a mail has some dozens.
const MOST_RULES: usize = 10_000;
/// So many times a rule is held against an element or one around it.
const MOST_TRIES: usize = 500_000;
/// So many elements around one are looked at.
const FARTHEST: usize = 300;
/// The window in which a mail is taken to be read, in pixels.
const WINDOW: f32 = 1_280.0;
/// Properties that can hide text or show it again.
const HIDING: &[&str] = &[
    "display",
    "visibility",
    "opacity",
    "font-size",
    "font",
    "color",
    "-webkit-text-fill-color",
    "background",
    "background-color",
    "background-image",
    "position",
    "left",
    "right",
    "top",
    "bottom",
    "text-indent",
    "margin",
    "margin-left",
    "margin-top",
    "clip",
    "clip-path",
    "height",
    "max-height",
    "width",
    "max-width",
    "overflow",
    "overflow-x",
    "overflow-y",
    "mso-hide",
];

/// A declaration: property, value, whether it is important.
type Declaration = (String, String, bool);

/// An element as selectors see it, in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Known<'h> {
    /// Its name.
    pub name: &'h str,
    /// Its id.
    pub id: Option<String>,
    /// Its classes.
    pub classes: Vec<String>,
}

/// `td.note#x`: what one element must be.
#[derive(Debug, Default)]
struct Compound {
    name: Option<String>,
    ids: Vec<String>,
    classes: Vec<String>,
}

impl Compound {
    fn fits(&self, known: &Known<'_>) -> bool {
        self.name.as_ref().is_none_or(|name| name == known.name)
            && self.ids.iter().all(|id| known.id.as_ref() == Some(id))
            && self.classes.iter().all(|class| known.classes.contains(class))
    }
}

struct Rule {
    /// The element, then those around it, from the inside.
    compounds: Vec<Compound>,
    weight: usize,
    block: usize,
}

/// All rules of a mail.
#[derive(Default)]
pub(super) struct Sheet {
    rules: Vec<Rule>,
    blocks: Vec<Vec<Declaration>>,
    by_key: HashMap<String, Vec<usize>>,
    tries: usize,
    /// Whether there was more than is followed.
    pub unfinished: bool,
    /// Whether a rule that is not understood here colours a ground.
    pub ground_unknown: bool,
}

/// The declarations of a `style` or of a rule, in lower case.
fn declarations(style: &str) -> Vec<Declaration> {
    let style = plain(style);
    let split = style.split(';').take(400).filter_map(|one| one.split_once(':'));
    let known = split.map(|(property, value)| (property.trim(), value.trim()));
    known
        .filter(|(property, _)| HIDING.contains(property))
        .map(|(property, value)| {
            let (value, important) = match value.split_once('!') {
                Some((value, rest)) => (value.trim(), rest.trim() == "important"),
                None => (value, false),
            };
            (property.to_owned(), value.to_owned(), important)
        })
        .collect()
}

/// Lower case, without comments and escapes.
fn plain(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.make_ascii_lowercase();
    if !out.contains('\\') {
        return out;
    }
    let mut unescaped = String::with_capacity(out.len());
    let mut pieces = out.split('\\');
    unescaped.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let hex = piece.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let (code, after) = piece.split_at_checked(hex).unwrap_or(("", piece));
        match u32::from_str_radix(code, 16).ok().and_then(char::from_u32) {
            Some(c) => {
                unescaped.push(c.to_ascii_lowercase());
                unescaped.push_str(after.strip_prefix(' ').unwrap_or(after));
            }
            None => unescaped.push_str(piece),
        }
    }
    unescaped
}

impl Sheet {
    /// Takes in the text of a `style` element.
    pub fn add(&mut self, css: &str) {
        let css = plain(css).replace("<!--", " ").replace("-->", " ");
        self.read(&css);
    }

    fn read(&mut self, css: &str) {
        let mut rest = css;
        // Blocks within `@media` that holds are rules as if they stood without it.
        while let Some(open) = rest.find(['{', '}', ';']) {
            let head = rest.get(..open).unwrap_or_default().trim();
            let sign = rest.as_bytes().get(open).copied();
            rest = rest.get(open + 1..).unwrap_or_default();
            if sign != Some(b'{') {
                continue;
            }
            match head.strip_prefix('@') {
                Some(rule) if holds(rule) => {}
                Some(_) => rest = beyond_block(rest),
                None => {
                    let (body, after) = rest.split_once('}').unwrap_or((rest, ""));
                    self.rule(head, body);
                    rest = after;
                }
            }
            if self.rules.len() >= MOST_RULES {
                self.unfinished = true;
                return;
            }
        }
    }

    fn rule(&mut self, selectors: &str, body: &str) {
        let declared = declarations(body);
        if declared.is_empty() {
            return;
        }
        let coloured = declared.iter().any(|(property, _, _)| property.starts_with("background"));
        let block = self.blocks.len();
        self.blocks.push(declared);
        for selector in selectors.split(',').take(MOST_RULES) {
            if selector.contains(":hover") || selector.contains(":visited") || selector.contains(":active") {
                continue;
            }
            let Some(compounds) = compounds(selector) else {
                self.ground_unknown |= coloured;
                continue;
            };
            let Some(key) = compounds.first().map(key) else { continue };
            let weight = compounds
                .iter()
                .map(|c| c.ids.len() * 10_000 + c.classes.len() * 100 + usize::from(c.name.is_some()))
                .sum();
            self.by_key.entry(key).or_default().push(self.rules.len());
            self.rules.push(Rule { compounds, weight, block });
            if self.rules.len() >= MOST_RULES {
                self.unfinished = true;
                return;
            }
        }
    }

    /// What all rules and its own style say of an element within those around it, the innermost last.
    pub fn look(&mut self, known: &Known<'_>, style: Option<&str>, around: &[Known<'_>]) -> Look {
        let ids = known.id.iter().map(|id| format!("#{id}"));
        let classes = known.classes.iter().map(|class| format!(".{class}"));
        let keys = ids.chain(classes).chain([known.name.to_owned(), "*".to_owned()]);
        let mut found: Vec<(usize, usize)> = Vec::new();
        for at in keys.filter_map(|key| self.by_key.get(&key)).flatten() {
            self.tries += 1;
            if self.tries > MOST_TRIES {
                self.unfinished = true;
                break;
            }
            let Some(rule) = self.rules.get(*at) else { continue };
            if rule.fits(known, around, &mut self.tries) {
                found.push((rule.weight, *at));
            }
        }
        found.sort_unstable();
        let own = style.map(declarations).unwrap_or_default();
        let blocks = found.iter().filter_map(|(_, at)| self.blocks.get(self.rules.get(*at)?.block));
        let all: Vec<&Declaration> = blocks.flatten().chain(&own).collect();
        let mut look = Look::default();
        for last in [false, true] {
            for (property, value, _) in all.iter().filter(|(_, _, important)| *important == last) {
                look.declare(property, value);
            }
        }
        look
    }
}

impl Rule {
    /// Whether the element is meant, and for each further compound some element around it.
    fn fits(&self, known: &Known<'_>, around: &[Known<'_>], tries: &mut usize) -> bool {
        let Some((first, outer)) = self.compounds.split_first() else { return false };
        let mut around = around.iter().rev().take(FARTHEST).inspect(|_| *tries += 1);
        first.fits(known) && outer.iter().all(|compound| around.any(|known| compound.fits(known)))
    }
}

fn key(compound: &Compound) -> String {
    let id = compound.ids.first().map(|id| format!("#{id}"));
    let class = || compound.classes.first().map(|class| format!(".{class}"));
    id.or_else(class).or_else(|| compound.name.clone()).unwrap_or_else(|| "*".to_owned())
}

/// `div.a > p#b` from the inside; `None` for what depends on more than element, class and id.
fn compounds(selector: &str) -> Option<Vec<Compound>> {
    let selector = selector.replace('>', " ");
    let compounds: Option<Vec<Compound>> = selector.split_whitespace().rev().map(compound).collect();
    compounds.filter(|compounds| !compounds.is_empty() && compounds.len() <= 12)
}

fn compound(written: &str) -> Option<Compound> {
    let mut compound = Compound::default();
    let named = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let mut rest = written;
    while let Some(sign) = rest.chars().next() {
        let marked = matches!(sign, '.' | '#');
        let body = if marked { rest.get(1..)? } else { rest };
        let length = body.find(|c| !named(c)).unwrap_or(body.len());
        let (name, after) = body.split_at_checked(length)?;
        match sign {
            '*' => {
                rest = rest.get(1..)?;
                continue;
            }
            _ if name.is_empty() => return None,
            '.' => compound.classes.push(name.to_owned()),
            '#' => compound.ids.push(name.to_owned()),
            _ => compound.name = Some(name.to_owned()),
        }
        rest = after;
    }
    Some(compound)
}

/// Whether what stands in an at-rule counts on a screen of a usual size.
fn holds(rule: &str) -> bool {
    let (name, condition) = rule.split_once(|c: char| c.is_whitespace() || c == '(').unwrap_or((rule, ""));
    match name {
        "supports" | "layer" => true,
        "media" => condition.split(',').any(is_met),
        _ => false,
    }
}

fn is_met(query: &str) -> bool {
    query.split(" and ").all(|part| {
        let part = part.trim().trim_start_matches("only ").trim_matches(['(', ')', ' ']);
        let pixels = |value: &str| {
            let number = value.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
            number.parse::<f32>().ok()
        };
        match part.split_once(':') {
            None => matches!(part, "" | "all" | "screen"),
            Some((name, value)) => match name.trim() {
                "min-width" | "min-device-width" => pixels(value).is_some_and(|px| px <= WINDOW),
                "max-width" | "max-device-width" => pixels(value).is_some_and(|px| px >= WINDOW),
                _ => false,
            },
        }
    })
}

/// What follows the block that was just opened.
fn beyond_block(rest: &str) -> &str {
    let mut depth = 1_usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return rest.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}
