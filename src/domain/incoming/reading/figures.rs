//! What is written like a date: figures with strokes or a word beside them, whether or not there is such a day.

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `14.05.2026`, `14/5/2026`.
    DayFirst,
    /// `2026-05-14`.
    YearFirst,
    /// `May 14th, 2026`.
    MonthDay,
    /// `2026. gada 14. maijs`, `2026. május 14`.
    YearMonth,
    /// `14. Mai 2026`, `14 de mayo`.
    DayMonth,
    /// `14.05.26`.
    TwoFigures,
    /// `június 12-ig`, `birželio 3 d.`, `June 12`: the month first and no year.
    MonthFirst,
    /// `9.6.`, `24/4`: a day and a month without a year.
    Short,
}

/// All forms that are plainly dates, the surest first.
pub const FORMS: &[Form] = &[
    Form::DayFirst,
    Form::YearFirst,
    Form::MonthDay,
    Form::YearMonth,
    Form::DayMonth,
    Form::TwoFigures,
    Form::MonthFirst,
];

/// How many dates of one form are read in one text.
const MOST: usize = 500;

/// Something that is written like a date.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'t> {
    /// Byte where it starts.
    pub start: usize,
    /// Its first and second number, and its year.
    pub numbers: (Option<u32>, Option<u32>, Option<u32>),
    /// The word that may be a month.
    pub word: &'t str,
    /// What stands behind it.
    rest: &'t str,
}

impl Seen<'_> {
    /// Byte after its end in the text in which it was seen.
    pub fn end(&self, text: &str) -> usize {
        text.len() - self.rest.len()
    }
}

/// Figures that no letter touches from the left.
#[derive(Debug, Clone, Copy)]
pub struct Run<'t> {
    text: &'t str,
    at: usize,
}

/// All runs of figures in a text. Those of other scripts than ours are no dates to us.
pub fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let bytes = text.as_bytes();
    let starts = bytes.iter().enumerate().filter(|(at, byte)| {
        byte.is_ascii_digit()
            && !at.checked_sub(1).is_some_and(|b| bytes.get(b).is_some_and(u8::is_ascii_digit))
    });
    starts.map(move |(at, _)| Run { text, at }).filter(|run| !run.before().ends_with(is_of_word))
}

impl<'t> Run<'t> {
    fn before(&self) -> &'t str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// What stands here in a form.
    fn read(&self, form: Form) -> Option<Seen<'t>> {
        let rest = self.text.get(self.at..)?;
        match form {
            Form::DayFirst => self.day_first(rest),
            Form::YearFirst => self.year_first(rest),
            Form::MonthDay => self.month_day(rest),
            Form::YearMonth => self.year_month(rest),
            Form::DayMonth => self.day_month(rest),
            Form::TwoFigures => self.two_figures(rest),
            Form::MonthFirst => self.month_first(rest),
            Form::Short => self.short(rest),
        }
    }

    fn day_first(&self, rest: &'t str) -> Option<Seen<'t>> {
        let (first, rest) = figures(rest)?;
        let (second, rest) = figures(stroke(rest)?)?;
        let (year, rest) = year(stroke(rest)?)?;
        let seen = Seen { start: self.at, numbers: (Some(first), Some(second), Some(year)), word: "", rest };
        (!rest.starts_with(is_of_word)).then_some(seen)
    }

    fn year_first(&self, rest: &'t str) -> Option<Seen<'t>> {
        let (year, rest) = year(rest)?;
        let (first, rest) = figures(stroke(rest)?)?;
        let (second, rest) = figures(stroke(rest)?)?;
        let seen = Seen { start: self.at, numbers: (Some(first), Some(second), Some(year)), word: "", rest };
        (!rest.starts_with(is_of_word)).then_some(seen)
    }

    fn month_day(&self, rest: &'t str) -> Option<Seen<'t>> {
        let (start, word) = word_before(self.before(), 10)?;
        let (day, rest) = figures(rest)?;
        let rest = one_of(rest, &["st", "nd", "rd", "th"]).unwrap_or(rest);
        let (year, rest) = year(blanks(rest.strip_prefix(',').unwrap_or(rest))?)?;
        let seen = Seen { start, numbers: (Some(day), None, Some(year)), word, rest };
        (!rest.starts_with(is_of_word)).then_some(seen)
    }

    fn year_month(&self, rest: &'t str) -> Option<Seen<'t>> {
        let (year, rest) = year(rest)?;
        let dot = |rest: &'t str| rest.strip_prefix('.').unwrap_or(rest);
        let marked = [
            rest.strip_prefix('.'),
            blank(rest).strip_prefix("m."),
            blank(dot(rest)).strip_prefix("gada"),
            Some(rest),
        ];
        marked.into_iter().flatten().find_map(|rest| {
            let rest = blanks(rest)?;
            let dotted = figures(rest).and_then(|(day, rest)| Some((day, blanks(rest.strip_prefix('.')?)?)));
            let (word, behind) = letters(dotted.map_or(rest, |(_, rest)| rest), 14)?;
            let after = blanks(behind).and_then(first_figures);
            let numbers = (dotted.map(|(day, _)| day), after.map(|(day, _)| day), Some(year));
            Some(Seen { start: self.at, numbers, word, rest: after.map_or(behind, |(_, rest)| rest) })
        })
    }

    fn day_month(&self, rest: &'t str) -> Option<Seen<'t>> {
        let (day, rest) = figures(rest)?;
        let rest = blanks(one_of(rest, &[".", "er", "º", "ª", "th", "st", "nd", "rd"]).unwrap_or(rest))?;
        let rest = one_of(rest, &["de", "of"]).and_then(blanks).unwrap_or(rest);
        let (word, rest) = letters(rest, 14)?;
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        let rest = rest.strip_prefix(',').unwrap_or(rest);
        let dated = blanks(rest).and_then(|rest| {
            let joined = ["de", "del"].iter().filter_map(|join| blanks(rest.strip_prefix(join)?));
            joined.chain([rest]).find_map(year)
        });
        let numbers = (Some(day), None, dated.map(|(year, _)| year));
        Some(Seen { start: self.at, numbers, word, rest: dated.map_or(rest, |(_, rest)| rest) })
    }

    fn two_figures(&self, rest: &'t str) -> Option<Seen<'t>> {
        let tight = |rest: &'t str| rest.strip_prefix(['.', '/', '-']);
        let (first, rest) = figures(rest)?;
        let (second, rest) = figures(tight(rest)?)?;
        let rest = tight(rest)?;
        let (year, behind) = figures(rest).filter(|(_, behind)| rest.len() - behind.len() == 2)?;
        let dotted =
            behind.strip_prefix('.').filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        let other = behind.strip_prefix(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '/' | '-'));
        let ends = if behind.is_empty() { Some(behind) } else { other.or_else(|| dotted.map(blank)) };
        let numbers = (Some(first), Some(second), Some(year));
        Some(Seen { start: self.at, numbers, word: "", rest: ends? })
    }

    fn month_first(&self, rest: &'t str) -> Option<Seen<'t>> {
        let before = self.before();
        let trimmed = before.trim_end();
        let bare = trimmed.strip_suffix('.').filter(|_| trimmed.len() < before.len());
        let (start, word) = match bare {
            Some(bare) => ending_word(bare, 14)?,
            None => word_before(before, 14)?,
        };
        let (day, rest) = figures(rest)?;
        let bent = || letters_up_to(rest.strip_prefix('-')?, 4).map(|(_, rest)| rest);
        let marked = rest.strip_prefix('.').or_else(bent).or_else(|| one_of(rest, &["st", "nd", "rd", "th"]));
        let rest = marked.or_else(|| (!rest.starts_with(is_of_word)).then_some(rest))?;
        Some(Seen { start, numbers: (Some(day), None, None), word, rest })
    }

    fn short(&self, rest: &'t str) -> Option<Seen<'t>> {
        let (first, rest) = figures(rest)?;
        let (second, rest) = figures(blank(blank(rest).strip_prefix(['.', '/'])?))?;
        let ends = match rest.strip_prefix('.') {
            Some(rest) => rest,
            None if rest.starts_with(is_of_word) => return None,
            None => rest,
        };
        let other = ends.strip_prefix(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '/'));
        let rest = if ends.is_empty() { ends } else { other? };
        Some(Seen { start: self.at, numbers: (Some(first), Some(second), None), word: "", rest })
    }
}

/// Up to where each form was read already: what stands there is not read again.
#[derive(Debug, Default)]
pub struct Behind([(usize, usize); FORMS.len() + 1]);

impl Behind {
    /// What stands at a run of figures in a form, unless it begins within what was read before.
    pub fn take<'t>(&mut self, form: Form, run: &Run<'t>) -> Option<Seen<'t>> {
        let seen = run.read(form)?;
        let (read, count) = self.0.get_mut(form as usize)?;
        if seen.start < *read || *count >= MOST {
            return None;
        }
        *read = run.text.len() - seen.rest.len();
        *count += 1;
        Some(seen)
    }
}

/// Whether a character belongs to a word or number, as patterns see it.
fn is_of_word(c: char) -> bool {
    c.is_alphabetic()
        || c.is_ascii_digit()
        || c == '_'
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

/// One or two figures, and what stands behind them.
fn figures(rest: &str) -> Option<(u32, &str)> {
    first_figures(rest).filter(|(_, rest)| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The first one or two of as many figures as there are.
fn first_figures(rest: &str) -> Option<(u32, &str)> {
    let length = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at_checked(length)?;
    Some((digits.parse().ok()?, rest))
}

/// A year of this century.
fn year(rest: &str) -> Option<(u32, &str)> {
    let (digits, rest) = rest.split_at_checked(4).filter(|(digits, _)| digits.starts_with("20"))?;
    let all = digits.bytes().all(|byte| byte.is_ascii_digit());
    if all { Some((digits.parse().ok()?, rest)) } else { None }
}

/// A stroke, with a blank before and behind it or without.
fn stroke(rest: &str) -> Option<&str> {
    Some(blank(blank(rest).strip_prefix(['.', '/', '-'])?))
}

/// Behind one blank, if there is one.
fn blank(rest: &str) -> &str {
    rest.strip_prefix(char::is_whitespace).unwrap_or(rest)
}

/// Behind all blanks, of which there must be one.
fn blanks(rest: &str) -> Option<&str> {
    rest.starts_with(char::is_whitespace).then(|| rest.trim_start())
}

fn one_of<'t>(rest: &'t str, words: &[&str]) -> Option<&'t str> {
    words.iter().find_map(|word| rest.strip_prefix(word))
}

/// Letters, three to so many, and what stands behind them.
fn letters(rest: &str, most: usize) -> Option<(&str, &str)> {
    letters_up_to(rest, most).filter(|(word, _)| word.chars().nth(2).is_some())
}

fn letters_up_to(rest: &str, most: usize) -> Option<(&str, &str)> {
    let end = rest.chars().take(most).take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    rest.split_at_checked(end).filter(|(word, _)| !word.is_empty())
}

/// The word before the blanks at the end of a text, three to so many letters; and where it starts.
fn word_before(before: &str, most: usize) -> Option<(usize, &str)> {
    let trimmed = before.trim_end();
    if trimmed.len() < before.len() { ending_word(trimmed, most) } else { None }
}

/// The word with which a text ends.
fn ending_word(text: &str, most: usize) -> Option<(usize, &str)> {
    let length: usize =
        text.chars().rev().take(most + 1).take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    let (before, word) = text.split_at_checked(text.len() - length)?;
    let fits = (3..=most).contains(&word.chars().count()) && !before.ends_with(is_of_word);
    fits.then_some((before.len(), word))
}

#[cfg(test)]
mod tests {
    use super::{Behind, FORMS, Form, runs};

    /// The forms in which something stands in a text, each with where it starts.
    fn read(text: &str) -> Vec<(Form, usize)> {
        let mut behind = Behind::default();
        let all = || FORMS.iter().copied().chain([Form::Short]);
        let at =
            |run| all().filter_map(|form| Some((form, behind.take(form, &run)?.start))).collect::<Vec<_>>();
        runs(text).flat_map(at).collect()
    }

    #[test]
    fn what_is_written_like_a_date_is_seen_where_it_starts() {
        assert_eq!(read("am 14.05.2026."), [(Form::DayFirst, 3)]);
        assert_eq!(read("2026-05-14 č."), [(Form::YearFirst, 0)]);
        assert_eq!(read("May 14th, 2026"), [(Form::MonthDay, 0), (Form::MonthFirst, 0)]);
        assert_eq!(
            read("2026. gada 14. maijā"),
            [(Form::YearMonth, 0), (Form::DayMonth, 11), (Form::MonthFirst, 6)]
        );
        assert_eq!(read("el 3 de mayo de 2026"), [(Form::DayMonth, 3)]);
        assert_eq!(read("9.6.26 ok"), [(Form::TwoFigures, 0), (Form::Short, 2)]);
        assert_eq!(read("bis 24/4, dann"), [(Form::MonthFirst, 0), (Form::Short, 4)]);
    }

    #[test]
    fn letters_and_further_figures_beside_it_make_it_something_else() {
        for text in ["št14.05.2026", "14.05.20261", "114.05.2026x", "_9.6. ", "24/4/7", "2026-05-141"] {
            let plain = read(text);
            assert!(
                !plain.iter().any(|(form, _)| matches!(form, Form::DayFirst | Form::YearFirst)),
                "{text}"
            );
        }
        assert_eq!(read("абв9.6. "), []);
    }
}
