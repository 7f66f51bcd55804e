//! Long stretches of a text in which nothing is marked, folded away: a decision on page 40 stands beside its beginning.

use crate::store::messages::folds;
use crate::store::{Conn, Error};
use crate::web::desk::passages::Segment;

/// A stretch of up to so many lines is shown whole, and of up to so many bytes: some mails are one long line.
const WHOLE: usize = 48;
const WHOLE_BYTES: usize = 6_000;
/// Lines that stay before and after what is folded.
const NEAR: usize = 10;

/// How many automatic messages are one line with this one, itself among them; 0 = it stands alone.
pub(crate) fn alike(conn: &mut Conn, message: i64) -> Result<i64, Error> {
    match folds::head_of(conn, message)? {
        Some(head) => Ok(folds::count(conn, head)?).map(|count| if count > 1 { count } else { 0 }),
        None => Ok(0),
    }
}

/// The same pieces, long ones cut in three: its beginning, what is folded, its end.
pub(crate) fn folded(segments: Vec<Segment>) -> Vec<Segment> {
    segments.into_iter().flat_map(fold).collect()
}

/// A text in which nothing is marked, in its pieces; none if there is no text.
pub(crate) fn plain(text: &str) -> Vec<Segment> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    folded(vec![Segment { text: text.to_owned(), ..Segment::default() }])
}

fn fold(segment: Segment) -> Vec<Segment> {
    let lines = segment.text.split_inclusive('\n').count();
    let is_short = lines <= WHOLE && segment.text.len() <= WHOLE_BYTES;
    let ends = (lines > 2 * NEAR + 1).then(|| ends(&segment.text)).flatten();
    let Some((from, to)) = ends.filter(|_| segment.number.is_none() && !is_short) else {
        return vec![segment];
    };
    let part = |range: std::ops::Range<usize>, away: bool| {
        let text = segment.text.get(range).unwrap_or_default();
        let folded = if away { text.lines().count() } else { 0 };
        Segment { text: text.to_owned(), folded, ..Segment::default() }
    };
    vec![part(0..from, false), part(from..to, true), part(to..segment.text.len(), false)]
}

/// Where the first lines end and where the last begin.
fn ends(text: &str) -> Option<(usize, usize)> {
    let first = text.match_indices('\n').nth(NEAR - 1)?.0 + 1;
    let last = text.trim_end_matches('\n').rmatch_indices('\n').nth(NEAR - 1)?.0 + 1;
    (first < last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_stretches_are_folded_and_nothing_is_lost() {
        let long = (0..200).map(|n| n.to_string()).collect::<Vec<_>>().join("\n") + "\n";
        let mark = Segment { text: long.clone(), number: Some(1), ..Segment::default() };
        let parts = folded(vec![mark.clone(), Segment { text: long.clone(), ..Segment::default() }]);
        assert_eq!(parts.first(), Some(&mark), "a passage is never folded");
        let kept: String = parts.iter().skip(1).map(|part| part.text.as_str()).collect();
        assert_eq!(kept, long);
        let folded: Vec<usize> = parts.iter().map(|part| part.folded).collect();
        assert_eq!(folded, [0, 0, 180, 0]);
        assert!(parts.last().is_some_and(|end| end.text.starts_with("190\n")));
        assert!(plain(" \n").is_empty());
        for short in ["kurz", &"a\n".repeat(48), &"x".repeat(9_000)] {
            assert_eq!(plain(short).len(), 1, "{short}");
        }
    }
}
