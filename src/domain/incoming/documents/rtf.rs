//! RTF (Rich Text Format 1.9.1): words and tables to text; hidden and deleted words, comments, objects are reported.

use crate::domain::incoming::documents::compound::code_page;
use crate::domain::incoming::documents::properties::{Remarks, author};
use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT};
use crate::domain::incoming::mime::Notes;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::collections::BTreeMap;

/// How deep groups may lie in each other; deeper ones are read at this depth.
const MAX_DEPTH: usize = 2_000;

/// What the characters of a group belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Comment,
    CommentAuthor,
    Author,
    Operator,
    Fonts,
    Skipped,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    place: Place,
    /// How many characters after `\u` stand for those who cannot read it.
    fallback: usize,
    hidden: bool,
    deleted: bool,
    font: i32,
}

struct Rtf {
    out: String,
    groups: Vec<Group>,
    group: Group,
    page: &'static Encoding,
    fonts: BTreeMap<i32, &'static Encoding>,
    bytes: Vec<u8>,
    skip: usize,
    half: Option<u16>,
    starred: bool,
    objects: usize,
    comment: String,
    piece: String,
    comments: Remarks,
    concealed: Remarks,
    removed: Remarks,
    people: [String; 2],
}

/// Reads an RTF file.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    let group = Group { place: Place::Text, fallback: 1, hidden: false, deleted: false, font: 0 };
    let mut rtf = Rtf {
        out: String::new(),
        groups: Vec::new(),
        group,
        page: WINDOWS_1252,
        fonts: BTreeMap::new(),
        bytes: Vec::new(),
        skip: 0,
        half: None,
        starred: false,
        objects: 0,
        comment: String::new(),
        piece: String::new(),
        comments: Remarks::default(),
        concealed: Remarks::default(),
        removed: Remarks::default(),
        people: [String::new(), String::new()],
    };
    rtf.run(data);
    if !rtf.groups.is_empty() {
        notes.add("not read to its end: the file is damaged");
    }
    rtf.end()
}

impl Rtf {
    fn run(&mut self, data: &[u8]) {
        let mut rest = data;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                b'{' => self.open(),
                b'}' => {
                    self.close();
                    // What follows the end (Outlook pads with zeros) is not RTF any more.
                    if self.groups.is_empty() {
                        return;
                    }
                }
                b'\\' => rest = self.control(tail),
                b'\r' | b'\n' | 0 => {}
                other => self.byte(other),
            }
            if self.out.len() > MAX_TEXT || self.piece.len() > MAX_TEXT {
                return;
            }
        }
    }

    fn open(&mut self) {
        self.flush();
        if self.groups.len() < MAX_DEPTH {
            self.groups.push(self.group);
        }
        self.starred = false;
    }

    fn close(&mut self) {
        self.flush();
        self.skip = 0;
        let place = self.group.place;
        if let Some(outer) = self.groups.pop() {
            if place == Place::Comment && outer.place != Place::Comment {
                self.comments.says(&std::mem::take(&mut self.comment));
            }
            if (self.group.hidden, self.group.deleted) != (outer.hidden, outer.deleted) {
                self.end_piece();
            }
            self.group = outer;
        }
    }

    /// A control word or symbol; gives what follows it.
    fn control<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let Some((&first, tail)) = rest.split_first() else { return rest };
        if !first.is_ascii_alphabetic() {
            return self.symbol(first, tail);
        }
        let length = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (word, tail) = rest.split_at(length);
        let minus = usize::from(tail.first() == Some(&b'-'));
        let digits = tail.iter().skip(minus).take_while(|b| b.is_ascii_digit()).count();
        let minus = if digits == 0 { 0 } else { minus };
        let (number, tail) = tail.split_at(minus + digits);
        let number = std::str::from_utf8(number).ok().and_then(|n| n.parse::<i32>().ok());
        let tail = tail.strip_prefix(b" ").unwrap_or(tail);
        let word = std::str::from_utf8(word).unwrap_or_default();
        if word == "bin" {
            let length = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
            return tail.get(length..).unwrap_or_default();
        }
        self.word(word, number);
        self.starred = false;
        tail
    }

    fn symbol<'a>(&mut self, symbol: u8, tail: &'a [u8]) -> &'a [u8] {
        match symbol {
            b'\'' => {
                let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
                if let Some(byte) = hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
                    self.byte(byte);
                    return tail.get(2..).unwrap_or_default();
                }
            }
            b'*' => self.starred = true,
            b'~' => self.char('\u{a0}'),
            b'_' => self.char('-'),
            b'\r' | b'\n' => self.break_with("\n"),
            b'\\' | b'{' | b'}' => self.byte(symbol),
            _ => {}
        }
        tail
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        let on = number != Some(0);
        if self.destination(word) {
            return;
        }
        match word {
            "par" | "sect" | "page" | "line" | "row" | "nestrow" => self.break_with("\n"),
            "tab" => self.break_with(" "),
            "cell" | "nestcell" => self.break_with("\t"),
            "emdash" => self.char('—'),
            "endash" => self.char('–'),
            "lquote" => self.char('‘'),
            "rquote" => self.char('’'),
            "ldblquote" => self.char('“'),
            "rdblquote" => self.char('”'),
            "bullet" => self.char('•'),
            "uc" => self.group.fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(100),
            "u" => self.unicode(number.unwrap_or(0)),
            "ansicpg" => self.page = code_page(u32::try_from(number.unwrap_or(1252)).unwrap_or(1252)),
            "mac" => self.page = code_page(10_000),
            "f" => {
                self.flush();
                self.group.font = number.unwrap_or(0);
            }
            "fcharset" if self.group.place == Place::Fonts => {
                if let Some(page) = charset(number.unwrap_or(0)) {
                    self.fonts.insert(self.group.font, page);
                }
            }
            "v" => self.look(|group| group.hidden = on),
            "deleted" => self.look(|group| group.deleted = on),
            "plain" => self.look(|group| (group.hidden, group.deleted) = (false, false)),
            _ => {}
        }
    }

    /// Words that open a destination: where the characters of a group go.
    fn destination(&mut self, word: &str) -> bool {
        let place = match word {
            "fonttbl" => Place::Fonts,
            "annotation" => Place::Comment,
            "atnauthor" => Place::CommentAuthor,
            "author" => Place::Author,
            "operator" => Place::Operator,
            "colortbl" | "stylesheet" | "listtable" | "listoverridetable" | "rsidtbl" | "generator"
            | "pict" | "nonshppict" | "fldinst" | "datastore" | "themedata" | "colorschememapping"
            | "latentstyles" | "xmlnstbl" | "filetbl" | "revtbl" | "objdata" | "objclass" | "objname"
            | "sn" | "sv" | "template" | "bkmkstart" | "bkmkend" | "mhtmltag" | "atnid" | "atnref"
            | "atndate" | "atnparent" | "pntxtb" | "pntxta" | "keywords" | "doccomm" | "title"
            | "subject" | "company" | "manager" | "category" | "comment" | "creatim" | "revtim"
            | "printim" | "buptim" | "hlinkbase" | "docvar" | "userprops" | "htmltag" => {
                self.objects += usize::from(word == "objdata");
                Place::Skipped
            }
            // Destinations that hold text although an old reader may skip them.
            "shpinst" | "shptxt" | "shppict" | "result" | "footnote" | "header" | "footer" | "fldrslt" => {
                self.starred = false;
                return true;
            }
            _ if self.starred => Place::Skipped,
            _ => return false,
        };
        // A group within a skipped one is skipped, whatever it says.
        if self.group.place != Place::Skipped {
            self.flush();
            self.group.place = place;
        }
        true
    }

    fn look(&mut self, change: impl FnOnce(&mut Group)) {
        self.flush();
        let before = (self.group.hidden, self.group.deleted);
        let mut group = self.group;
        change(&mut group);
        if before != (group.hidden, group.deleted) {
            self.end_piece();
        }
        self.group = group;
    }

    /// Ends a run of hidden or deleted words.
    fn end_piece(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        if self.group.deleted { &mut self.removed } else { &mut self.concealed }.says(&piece);
    }

    fn unicode(&mut self, number: i32) {
        self.flush();
        self.skip = self.group.fallback;
        // Written as a signed 16-bit number; beyond the first plane as two halves.
        let unit = u16::try_from(number.rem_euclid(65_536)).unwrap_or(0xfffd);
        match (self.half.take(), unit) {
            (_, 0xd800..=0xdbff) => self.half = Some(unit),
            (Some(high), 0xdc00..=0xdfff) => {
                for found in char::decode_utf16([high, unit]) {
                    self.put(found.unwrap_or('\u{fffd}'));
                }
            }
            _ => self.put(char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}')),
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.group.place != Place::Skipped {
            self.bytes.push(byte);
        }
    }

    fn char(&mut self, c: char) {
        self.flush();
        self.put(c);
    }

    fn break_with(&mut self, text: &str) {
        self.flush();
        self.skip = 0;
        self.write(text);
    }

    /// Decodes the bytes gathered so far: characters of several bytes may be split over `\'hh`.
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let page = self.fonts.get(&self.group.font).copied().unwrap_or(self.page);
        let bytes = std::mem::take(&mut self.bytes);
        let text = page.decode_without_bom_handling(&bytes).0.into_owned();
        self.write(&text);
    }

    fn put(&mut self, c: char) {
        let mut buffer = [0_u8; 4];
        let text = c.encode_utf8(&mut buffer).to_owned();
        self.write(&text);
    }

    fn write(&mut self, text: &str) {
        let [writer, operator] = &mut self.people;
        match self.group.place {
            Place::Text if self.group.hidden || self.group.deleted => self.piece.push_str(text),
            Place::Text => self.out.push_str(text),
            Place::Comment => self.comment.push_str(text),
            Place::CommentAuthor => self.comments.by(text),
            Place::Author if writer.len() < 500 => writer.push_str(text),
            Place::Operator if operator.len() < 500 => operator.push_str(text),
            _ => {}
        }
    }

    fn end(mut self) -> Document {
        self.flush();
        self.end_piece();
        let mut document = Document { text: Some(self.out), ..Document::default() };
        self.removed.report(
            Hiding::TrackedChanges,
            "text that was deleted and is still there",
            &mut document,
        );
        self.concealed.report(Hiding::HiddenText, "hidden text", &mut document);
        self.comments.report(Hiding::Comments, "comments", &mut document);
        let [writer, operator] = self.people;
        author(&[("written by", writer), ("last changed by", operator)], &mut document);
        if self.objects > 0 {
            document.hide(Hiding::EmbeddedFile, format!("{} files within the file", self.objects));
        }
        document
    }
}

/// The code page of a font's `\fcharset`.
fn charset(number: i32) -> Option<&'static Encoding> {
    let page = match number {
        77 => 10_000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    };
    Some(code_page(page))
}
