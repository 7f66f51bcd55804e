//! A PDF file: where its objects stand (ISO 32000-1 §7.5), also when the table that should tell is wrong.

use crate::domain::incoming::documents::pdf::object::{Dict, Lexer, Object, is_space, whole};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// How many objects a file may have.
const MAX_OBJECTS: usize = 500_000;
/// How many objects are kept once read; the rest is read again.
const MAX_KEPT: usize = 50_000;
/// How many earlier tables a table may point to.
const MAX_TABLES: usize = 200;

/// Where an object stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    At(usize),
    Within { stream: u32, offset: usize },
}

/// The objects of a file, read when they are asked for.
pub struct File<'a> {
    pub(crate) data: &'a [u8],
    places: BTreeMap<u32, Place>,
    /// The dictionary that names the catalog.
    pub trailer: Dict,
    /// How many tables follow on each other: each but the first is a change that was added to the file.
    pub tables: usize,
    /// Whether an object did not stand where the table says.
    pub astray: Cell<bool>,
    kept: RefCell<HashMap<u32, Object>>,
    pub(crate) unpacked: Cell<usize>,
    pub(crate) searched: Cell<usize>,
    packed: RefCell<HashMap<u32, Rc<[u8]>>>,
}

impl<'a> File<'a> {
    fn empty(data: &'a [u8]) -> Self {
        let start = data.windows(5).take(1024).position(|w| w == b"%PDF-").unwrap_or(0);
        Self {
            data: data.get(start..).unwrap_or(data),
            places: BTreeMap::new(),
            trailer: Dict::new(),
            tables: 0,
            astray: Cell::new(false),
            kept: RefCell::default(),
            unpacked: Cell::new(0),
            searched: Cell::new(0),
            packed: RefCell::default(),
        }
    }

    /// Opens a file by its own table.
    pub fn open(data: &'a [u8]) -> Self {
        let mut file = Self::empty(data);
        let tail = file.data.len().saturating_sub(2048);
        let start = file.data.get(tail..).and_then(|end| find_last(end, b"startxref"));
        let Some(at) = start else { return file };
        let Some(first) = Lexer::new(file.data, tail + at + 9).next().and_then(|o| o.count()) else {
            return file;
        };
        let (mut next, mut seen) = (vec![first], BTreeSet::new());
        while let Some(at) = next.pop() {
            if !seen.insert(at) || seen.len() > MAX_TABLES {
                continue;
            }
            let Some(dict) = file.table(at) else { continue };
            file.tables += 1;
            let link = |key: &[u8]| dict.get(key).and_then(Object::count);
            next.extend(link(b"Prev"));
            next.extend(link(b"XRefStm").filter(|other| {
                file.tables -= usize::from(!seen.contains(other));
                true
            }));
            if file.trailer.is_empty() {
                file.trailer = Dict::clone(&dict);
            }
        }
        file
    }

    /// Opens a file by looking for each `1 0 obj`, for when its table is missing or wrong.
    pub fn salvage(data: &'a [u8]) -> Self {
        let mut file = Self::empty(data);
        let mut at = 0;
        let mut last_trailer = Dict::new();
        while let Some(found) = file.data.get(at..).and_then(|rest| find(rest, b"obj")) {
            let here = at + found;
            at = here + 3;
            if let Some((number, start)) = header_before(file.data, here)
                && file.places.len() < MAX_OBJECTS
            {
                file.places.insert(number, Place::At(start));
            }
        }
        at = 0;
        while let Some(found) = file.data.get(at..).and_then(|rest| find(rest, b"trailer")) {
            at += found + 7;
            if let Some(Object::Dict(dict)) = Lexer::new(file.data, at).next()
                && dict.contains_key(b"Root".as_slice())
            {
                last_trailer = Dict::clone(&dict);
            }
        }
        let numbers: Vec<u32> = file.places.keys().copied().collect();
        let mut catalog = None;
        for number in numbers {
            let object = file.get(number);
            let Some(dict) = object.dict() else { continue };
            match dict.get(b"Type".as_slice()).and_then(Object::name) {
                Some(b"ObjStm") => file.unpack_index(number, dict),
                Some(b"Catalog") => catalog = Some(number),
                Some(b"XRef") if last_trailer.is_empty() => last_trailer = Dict::clone(dict),
                _ => {}
            }
        }
        if let (Some(number), false) = (catalog, last_trailer.contains_key(b"Root".as_slice())) {
            last_trailer.insert(b"Root".to_vec(), Object::Reference(number));
        }
        file.trailer = last_trailer;
        file.kept.borrow_mut().clear();
        file
    }

    fn unpack_index(&mut self, number: u32, dict: &Dict) {
        for (inner, offset) in self.index_of(number, dict) {
            if self.places.len() < MAX_OBJECTS {
                self.places.entry(inner).or_insert(Place::Within { stream: number, offset });
            }
        }
    }

    /// The numbers and offsets at the start of an object stream (§7.5.7).
    fn index_of(&self, number: u32, dict: &Dict) -> Vec<(u32, usize)> {
        let first = dict.get(b"First".as_slice()).and_then(Object::count).unwrap_or(0);
        let bytes = self.object_stream(number);
        let mut lexer = Lexer::content(bytes.get(..first).unwrap_or_default(), 0);
        let mut index = Vec::new();
        while let (Some(inner), Some(offset)) = (lexer.next(), lexer.next()) {
            let (Some(inner), Some(offset)) = (inner.count(), offset.count()) else { break };
            if let Ok(inner) = u32::try_from(inner) {
                index.push((inner, first.saturating_add(offset)));
            }
        }
        index
    }

    fn object_stream(&self, number: u32) -> Rc<[u8]> {
        if let Some(bytes) = self.packed.borrow().get(&number) {
            return Rc::clone(bytes);
        }
        let bytes: Rc<[u8]> = match self.places.get(&number) {
            Some(Place::At(_)) => self.unpack(&self.get(number)).into(),
            _ => Rc::from([]),
        };
        self.packed.borrow_mut().insert(number, Rc::clone(&bytes));
        bytes
    }

    /// Reads one table or table stream and returns its dictionary.
    fn table(&mut self, at: usize) -> Option<Rc<Dict>> {
        let mut lexer = Lexer::new(self.data, at);
        let first = lexer.next()?;
        if !first.is_word(b"xref") {
            return self.table_stream(at);
        }
        loop {
            let start = lexer.next()?;
            if start.is_word(b"trailer") {
                return lexer.next()?.dict().cloned();
            }
            let (start, count) = (start.count()?, lexer.next()?.count()?);
            for number in start..start.checked_add(count)? {
                // The bytes are read anew for each row, so that one reading's limit is not the table's.
                let mut row = Lexer::new(self.data, lexer.at);
                let (offset, _, kind) = (row.next()?.count()?, row.next()?, row.next()?);
                lexer.at = row.at;
                if kind.is_word(b"n") {
                    self.place(number, Place::At(offset));
                } else if !kind.is_word(b"f") {
                    return None;
                }
            }
        }
    }

    fn place(&mut self, number: usize, place: Place) {
        if let Ok(number) = u32::try_from(number)
            && self.places.len() < MAX_OBJECTS
        {
            self.places.entry(number).or_insert(place);
        }
    }

    fn table_stream(&mut self, at: usize) -> Option<Rc<Dict>> {
        let stream = self.read_at(at, None)?;
        let dict = Rc::clone(stream.dict()?);
        let list = |key: &[u8]| -> Vec<usize> {
            dict.get(key)
                .and_then(Object::list)
                .unwrap_or_default()
                .iter()
                .filter_map(Object::count)
                .collect()
        };
        let widths = list(b"W");
        let [kind, second, third] = <[usize; 3]>::try_from(widths).ok()?;
        let row = kind.checked_add(second)?.checked_add(third)?;
        if row == 0 || [kind, second, third].iter().any(|w| *w > 8) {
            return None;
        }
        let mut index = list(b"Index");
        if index.is_empty() {
            index = vec![0, dict.get(b"Size".as_slice()).and_then(Object::count)?];
        }
        let bytes = self.unpack(&stream);
        let mut rows = bytes.chunks_exact(row);
        for pair in index.chunks_exact(2) {
            let &[start, count] = pair else { break };
            for (number, fields) in (start..start.saturating_add(count)).zip(&mut rows) {
                let field = |from: usize, width: usize| {
                    fields.iter().skip(from).take(width).fold(0usize, |n, b| (n << 8) | usize::from(*b))
                };
                match if kind == 0 { 1 } else { field(0, kind) } {
                    1 => self.place(number, Place::At(field(kind, second))),
                    2 => {
                        let stream = u32::try_from(field(kind, second)).unwrap_or(u32::MAX);
                        self.place(number, Place::Within { stream, offset: usize::MAX });
                    }
                    _ => {}
                }
            }
        }
        Some(dict)
    }

    /// Reads the object whose `1 0 obj` stands at an offset.
    fn read_at(&self, at: usize, expected: Option<u32>) -> Option<Object> {
        let mut lexer = Lexer::new(self.data, at);
        let number = lexer.next()?.count()?;
        lexer.next()?.count()?;
        if !lexer.next()?.is_word(b"obj") || expected.is_some_and(|n| whole(n.into()) != Some(number)) {
            return None;
        }
        let object = lexer.next()?;
        let Object::Dict(dict) = &object else { return Some(object) };
        lexer.space();
        let rest = self.data.get(lexer.at..)?;
        let Some(after) = rest.strip_prefix(b"stream") else { return Some(object) };
        let skipped = usize::from(after.starts_with(b"\r\n"))
            + usize::from(after.starts_with(b"\r\n") || after.starts_with(b"\n") || after.starts_with(b"\r"));
        Some(Object::Stream(Rc::clone(dict), lexer.at + 6 + skipped))
    }

    /// The object of a number; nothing where there is none, or where it is only itself.
    pub fn get(&self, number: u32) -> Object {
        if let Some(object) = self.kept.borrow().get(&number) {
            return object.clone();
        }
        let Some(place) = self.places.get(&number) else { return Object::Null };
        // While it is read it is nothing: a stream whose length is itself, an index within itself.
        self.kept.borrow_mut().insert(number, Object::Null);
        let object = match *place {
            Place::At(at) => self.read_at(at, Some(number)),
            Place::Within { stream, offset } => self.within(number, stream, offset),
        };
        if object.is_none() {
            self.astray.set(true);
        }
        let object = object.unwrap_or(Object::Null);
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(number, object.clone());
        object
    }

    fn within(&self, number: u32, stream: u32, offset: usize) -> Option<Object> {
        let bytes = self.object_stream(stream);
        if offset != usize::MAX {
            return Lexer::new(&bytes, offset).next();
        }
        let holder = self.get(stream);
        for (inner, offset) in self.index_of(stream, holder.dict()?) {
            let object = Lexer::new(&bytes, offset).next().unwrap_or(Object::Null);
            if inner == number {
                return Some(object);
            }
            if self.kept.borrow().len() < MAX_KEPT
                && matches!(self.places.get(&inner), Some(Place::Within { stream: s, .. }) if *s == stream)
            {
                self.kept.borrow_mut().entry(inner).or_insert(object);
            }
        }
        None
    }

    /// Follows references to what they stand for.
    pub fn resolve(&self, object: &Object) -> Object {
        let mut object = object.clone();
        for _ in 0..16 {
            let Object::Reference(number) = object else { return object };
            object = self.get(number);
        }
        Object::Null
    }

    /// What a dictionary says under a name, with references followed.
    pub fn entry(&self, dict: &Dict, key: &str) -> Object {
        dict.get(key.as_bytes()).map_or(Object::Null, |object| self.resolve(object))
    }

    /// What an object that is a dictionary says under a name.
    pub fn at(&self, object: &Object, key: &str) -> Object {
        self.resolve(object).dict().map_or(Object::Null, |dict| self.entry(dict, key))
    }

    /// The numbers of a list, such as a rectangle or a matrix.
    pub fn numbers(&self, object: &Object) -> Vec<f64> {
        let list = self.resolve(object);
        list.list().unwrap_or_default().iter().take(64).filter_map(|o| self.resolve(o).number()).collect()
    }
}

/// The number and the start of the `1 0 ` before an `obj`.
fn header_before(data: &[u8], obj: usize) -> Option<(u32, usize)> {
    let before = data.get(obj.saturating_sub(24)..obj)?;
    let spaces = |text: &[u8]| text.iter().rev().take_while(|b| is_space(**b)).count();
    let digits = |text: &[u8]| text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let trimmed = before.get(..before.len() - spaces(before))?;
    let generation = digits(trimmed);
    let rest = trimmed.get(..trimmed.len() - generation)?;
    let gap = spaces(rest);
    let rest = rest.get(..rest.len() - gap)?;
    let number = digits(rest);
    let text = std::str::from_utf8(rest.get(rest.len() - number..)?).ok()?;
    let start = obj - before.len() + rest.len() - number;
    (generation > 0 && gap > 0).then_some((text.parse().ok()?, start))
}

/// Where a pattern first stands.
pub fn find(data: &[u8], pattern: &[u8]) -> Option<usize> {
    let first = *pattern.first()?;
    let mut at = 0;
    loop {
        at += data.get(at..)?.iter().position(|b| *b == first)?;
        if data.get(at..)?.starts_with(pattern) {
            return Some(at);
        }
        at += 1;
    }
}

fn find_last(data: &[u8], pattern: &[u8]) -> Option<usize> {
    data.windows(pattern.len()).rposition(|window| window == pattern)
}
