//! The header of a quoted mail as programs write it into the text, and lines such as "Original Message".

use crate::domain::incoming::body::attribution::quote_from;
use crate::domain::incoming::body::lines::{Line, has_date, is_rule};
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::fold;

/// Marks the first header block or separator and what stands below it.
pub(super) fn mark(lines: &[&str], marks: &mut [Line], book: &Phrasebook) {
    let labels = Labels::of(book);
    let start = (0..lines.len()).find(|&at| {
        marks.get(at) == Some(&Line::Own) && (labels.block_at(lines, at) || labels.is_separator(lines, at))
    });
    let Some(mut start) = start else { return };
    // The rule above the block belongs to it.
    while start > 0
        && lines.get(start - 1).is_some_and(|l| l.trim().is_empty() || is_rule(l) || labels.is_original(l))
    {
        start -= 1;
    }
    quote_from(lines, marks, start, book);
}

/// The lines of a mail's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    From,
    Sent,
    To,
    Subject,
}

struct Labels<'b> {
    fields: [(Field, &'b [String]); 4],
    original: &'b [String],
}

impl<'b> Labels<'b> {
    fn of(book: &'b Phrasebook) -> Self {
        Labels {
            fields: [
                (Field::From, book.folded(List::QuoteFrom)),
                (Field::Sent, book.folded(List::QuoteSent)),
                (Field::To, book.folded(List::QuoteTo)),
                (Field::Subject, book.folded(List::QuoteSubject)),
            ],
            original: book.folded(List::OriginalMessage),
        }
    }

    /// What a label may stand for; one word can be two things in two languages.
    fn meanings(&self, label: &str) -> Vec<Field> {
        self.fields.iter().filter(|(_, list)| list.iter().any(|l| l == label)).map(|(f, _)| *f).collect()
    }

    /// The label of a line, which may be bold, in a cell of a table, or without a space after its colon.
    fn label(line: &str) -> Option<String> {
        let line = line.trim().trim_start_matches(['*', '|', '│', '_', ' ', '\t']);
        let (label, _) = line.split_once([':', '：', '|', '│', '\t'])?;
        let label = label.trim().trim_end_matches(['*', '_', ':']).trim();
        (!label.is_empty() && label.len() <= 40).then(|| fold(label))
    }

    /// Three fields with the sender among them, or sender and date with a day, on lines that follow each other; a
    /// label on its own line may have its value in the next.
    fn block_at(&self, lines: &[&str], at: usize) -> bool {
        let Some(line) = lines.get(at) else { return false };
        if self.on_one_line(line) {
            return true;
        }
        let first = Self::label(line).map(|l| self.meanings(&l)).unwrap_or_default();
        if first.is_empty() {
            return false;
        }
        let mut seen: Vec<Field> = Vec::new();
        let mut dated = false;
        let mut misses = 0;
        for line in lines.iter().skip(at).take(12) {
            let found = Self::label(line).map(|l| self.meanings(&l)).unwrap_or_default();
            match found.iter().find(|f| !seen.contains(f)) {
                Some(field) => {
                    dated |= *field == Field::Sent && has_date(line);
                    seen.push(*field);
                    misses = 0;
                }
                None => misses += 1,
            }
            if misses > 3 || (misses > 1 && seen.len() == 2) {
                break;
            }
        }
        let from = seen.contains(&Field::From);
        (from && seen.len() >= 3) || (from && dated && seen.len() == 2 && self.pair_is_set_off(lines, at))
    }

    /// Only two fields: they open a quote if something stands above them and they follow each other at once.
    fn pair_is_set_off(&self, lines: &[&str], at: usize) -> bool {
        let above = at.checked_sub(1).and_then(|i| lines.get(i));
        let own_above = lines.iter().take(at).any(|l| !l.trim().is_empty());
        let next =
            lines.get(at + 1).and_then(|l| Self::label(l)).is_some_and(|l| !self.meanings(&l).is_empty());
        own_above && next && above.is_some_and(|l| l.trim().is_empty() || is_rule(l))
    }

    /// "Von: A Gesendet: B An: C Betreff: D", run together.
    fn on_one_line(&self, line: &str) -> bool {
        if line.matches(':').count() < 2 || line.len() > 600 {
            return false;
        }
        let pieces: Vec<String> =
            line.split(':').map(|p| fold(p.trim_matches(['*', ' ', '|', '_']))).collect();
        let mut seen: Vec<Field> = Vec::new();
        let whole = pieces.first().map(|first| self.meanings(first.trim())).unwrap_or_default();
        seen.extend(whole.first());
        if seen.is_empty() {
            return false;
        }
        for piece in pieces.iter().skip(1) {
            let field = self.fields.iter().find(|(field, list)| {
                !seen.contains(field)
                    && list.iter().any(|l| {
                        piece
                            .strip_suffix(l.as_str())
                            .is_some_and(|b| b.ends_with([' ', '*', '>', '\t', '|']))
                    })
            });
            seen.extend(field.map(|(f, _)| *f));
        }
        let dated = seen.contains(&Field::Sent) && has_date(line);
        seen.contains(&Field::From) && (seen.len() >= 3 || (dated && seen.len() == 2))
    }

    fn is_original(&self, line: &str) -> bool {
        let line = line.trim();
        let bare = line.trim_matches(|c: char| {
            matches!(c, '-' | '_' | '=' | '*' | ' ' | '—' | '–' | ':' | '.' | '<' | '>' | '#')
        });
        bare.len() + 2 < line.len() && bare.len() < 80 && self.original.contains(&fold(bare))
    }

    /// "-----Original Message-----" with something below it.
    fn is_separator(&self, lines: &[&str], at: usize) -> bool {
        lines.get(at).is_some_and(|l| self.is_original(l)) && lines.len() > at + 1
    }
}
