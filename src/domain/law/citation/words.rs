//! The words of our languages that name a level of a provision, folded: `abs`, `ods`, `lid`, `mom`, `лит`.

use crate::domain::law::citation::Level;
use crate::domain::law::citation::lexing::{Kind, Token};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// On which side of its number a word of a level stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// `Abs. 1`.
    Before,
    /// `1 momentin`.
    After,
    /// Either: `odst. 1` is Czech, `1. odst.` Slovenian.
    Either,
}

use Level::{Chapter, Indent, Letter, Number, Paragraph, Sentence};
use Side::{After, Before, Either};

/// Whole words. A word of one letter must have a full stop or a blank behind it, which the grammar sees to.
const WORDS: &[(Level, Side, &[&str])] = &[
    (
        Paragraph,
        Before,
        &[
            "abs",
            "ust",
            "para",
            "paras",
            "par",
            "subsection",
            "subsections",
            "ss",
            "παρ",
            "ал",
            "алинея",
            "ст",
            "al",
            "co",
            "c",
            "cpv",
            "leden",
            "stk",
            "lg",
            "apdo",
            "ap",
            "apartado",
        ],
    ),
    (
        Paragraph,
        Either,
        &["absatz", "absatzes", "odst", "ods", "став", "ставот", "st", "stav", "alin", "lid", "mom", "lõige"],
    ),
    (Sentence, Either, &["εδ", "εδαφιο", "satz", "halbsatz"]),
    (
        Letter,
        Before,
        &[
            "περ",
            "περιπτ",
            "στοιχ",
            "буква",
            "bst",
            "buchst",
            "buchstabe",
            "lit",
            "let",
            "lett",
            "litt",
            "pism",
            "onder",
            "sub",
            "letra",
            "lettre",
            "lettera",
            "litera",
            "литера",
            "er",
        ],
    ),
    (
        Number,
        Before,
        &[
            "т",
            "точка",
            "точки",
            "тач",
            "punktid",
            "nr",
            "nrn",
            "nrs",
            "no",
            "nos",
            "n",
            "nummer",
            "nummern",
            "numero",
            "ziff",
            "ziffer",
            "z",
            "t",
            "punto",
            "punct",
            "pct",
            "point",
            "bod",
            "bodu",
        ],
    ),
    (Paragraph, After, &["ledd", "leddet", "bek", "dal", "d"]),
    (Sentence, Before, &["f", "s"]),
    (Sentence, After, &["hs", "volzin"]),
    (
        Number,
        Either,
        &["pkt", "punkt", "punkti", "punkten", "tc", "tocka", "tocke", "tocki", "tocko", "p", "pont"],
    ),
    (Number, After, &["k"]),
    (Indent, After, &["indent", "tankestreck", "streepje"]),
    (Indent, Either, &["tiret", "spiegelstrich"]),
    (Chapter, Before, &["part"]),
];

/// Beginnings of words that are bent: `odstavcem`, `momentin`, `straipsnio`.
const STEMS: &[(Level, Side, &[&str])] = &[
    (
        Paragraph,
        Either,
        &[
            "odsta",
            "odstavec",
            "paragra",
            "παραγραφ",
            "stavk",
            "ставо",
            "став",
            "stavo",
            "stava",
            "алине",
            "alinea",
            "aline",
            "comma",
            "styk",
            "lõik",
            "loik",
            "loige",
        ],
    ),
    (Letter, Either, &["περιπτωσ", "στοιχει"]),
    (Number, Either, &["тачк", "тачц", "kohta", "kohda", "kohas", "punkt", "tock"]),
    (Paragraph, Before, &["capovers", "ustep"]),
    (
        Paragraph,
        After,
        &[
            "moment", "bekezdes", "stycke", "daliai", "dalie", "dalis", "dalim", "dali", "daly", "dala",
            "dalu",
        ],
    ),
    (Letter, After, &["pontj"]),
    (Letter, Before, &["pism", "liter", "lettr", "buchstab"]),
    (Number, Before, &["ziffern"]),
    (Indent, After, &["indent"]),
    (Indent, Either, &["tiret"]),
    (Chapter, Before, &["meros"]),
    (Sentence, After, &["teikum"]),
];

/// A level by its word, and on which side of the number the word stands.
pub(crate) fn level(word: &str) -> Option<(Level, Side)> {
    // Portuguese says "alínea a)" of letters, French "alinéa 5" of paragraphs; the value tells which it is.
    LEVELS.whole.get(word).copied().or_else(|| {
        let stems = LEVELS.stems.get(&start(word))?;
        stems.iter().find(|(stem, _)| word.starts_with(stem)).map(|(_, level)| *level)
    })
}

/// The beginning of a word, and what it names.
type Stem = (&'static str, (Level, Side));

/// The words of levels, to be looked up.
#[derive(Default)]
struct Levels {
    whole: HashMap<&'static str, (Level, Side)>,
    /// By their first letters, of which each has at least so many.
    stems: HashMap<Start, Vec<Stem>>,
}

static LEVELS: LazyLock<Levels> = LazyLock::new(|| {
    let mut levels = Levels::default();
    for (level, side, words) in WORDS {
        words.iter().for_each(|word| _ = levels.whole.entry(*word).or_insert((*level, *side)));
    }
    for (level, side, stems) in STEMS {
        stems
            .iter()
            .for_each(|stem| levels.stems.entry(start(stem)).or_default().push((*stem, (*level, *side))));
    }
    levels
});

/// Words that open an article or section.
const HEADS: &[&str] = &[
    "art",
    "arts",
    "artt",
    "section",
    "sections",
    "sec",
    "secs",
    "s",
    "ss",
    "cl",
    "чл",
    "čl",
    "cikk",
    "rule",
    "reg",
    "§",
    "pp",
    "αρθρο",
    "αρθρου",
    "αρθρα",
    "αρθρων",
    "алинеја",
    "pants",
    "panta",
    "pantu",
    "pantam",
    "panti",
    "člen",
    "clen",
    "clena",
    "clenu",
    "clenom",
    "ar",
    "airt",
];

/// Beginnings of words that open one.
const HEAD_STEMS: &[&str] = &[
    "articl", "articol", "articul", "artikel", "artikl", "artigo", "artyku", "artiku", "clanek", "clank",
    "clanak", "clanc", "член", "члан", "straipsn", "paragrah", "paragraf", "artikla",
];

/// Whether a word opens an article or section.
pub(crate) fn opens(word: &str) -> bool {
    HEADS.contains(&word) || HEAD_STEMS.iter().any(|stem| word.starts_with(stem))
}

/// Whether a word may close one: `16 straipsnis`, `5. pants`, `6. člen`.
pub(crate) fn closes(word: &str) -> bool {
    const STEMS: &[&str] =
        &["straipsn", "clen", "clan", "член", "члан", "paragraf", "artikl", "artikel", "cikk"];
    const WORDS: &[&str] = &["pants", "panta", "pantu", "pantam", "panta", "str", "pykala", "pykalan"];
    WORDS.contains(&word) || STEMS.iter().any(|stem| word.starts_with(stem))
}

/// Whether a word of one more than one article: `sections`, `articles`.
pub(crate) fn is_plural(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "arts",
        "artt",
        "sections",
        "secs",
        "ss",
        "articles",
        "artikelen",
        "articoli",
        "articulos",
        "artigos",
    ];
    WORDS.contains(&word)
}

/// Words that name a chapter.
const CHAPTERS: &[&str] =
    &["kap", "kapitel", "kapitlet", "kapittel", "chapter", "ch", "luku", "luvun", "hoofdstuk", "hlava"];

/// Whether a word names a chapter.
pub(crate) fn chapter(word: &str) -> bool {
    CHAPTERS.contains(&word)
}

/// Words that name a schedule or a part.
const SCHEDULES: &[&str] = &["sch", "schedule", "μερος", "μερους", "annex", "anlage", "bijlage"];

/// Whether a word names a schedule or a part, which are counted beside the articles.
pub(crate) fn schedule(word: &str) -> bool {
    SCHEDULES.contains(&word)
}

/// Counts in words.
const ORDINALS: &[(&str, &str)] = &[
    (
        "1",
        "first første forste fyrste första forsta eerste premier premiere erster ersten erste primo prima prvi prvega prvem ensimmaisen pirma pirmas pirmos pirmaja esimene",
    ),
    (
        "2",
        "second andre andra tweede deuxieme zweiter zweiten zweite secondo drugi drugega drugem otra otras otraja toisen teine",
    ),
    (
        "3",
        "third tredje derde troisieme dritter dritten dritte terzo tretji tretjega tretjem tresa tresas tresaja kolmannen",
    ),
    ("4", "fourth fjerde fjarde vierde quatrieme vierter vierten cetrti cetrtega ceturta ceturtas neljannen"),
    ("5", "fifth femte vijfde cinquieme funfter peti petega piekta piektas"),
    ("6", "sixth sjette sjatte zesde sixieme sesti sestega sesta"),
];

/// A count in words: `første`, `tweede`, `third`.
pub(crate) fn ordinal(word: &str) -> Option<&'static str> {
    static BY_WORD: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let mut by_word = HashMap::new();
        for (value, words) in ORDINALS {
            words.split(' ').for_each(|word| _ = by_word.entry(word).or_insert(*value));
        }
        by_word
    });
    BY_WORD.get(word).copied()
}

/// Words that join provisions or their parts.
pub(crate) fn joins(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "and", "or", "und", "oder", "sowie", "et", "ou", "e", "o", "y", "en", "of", "och", "og", "eller",
        "ja", "i", "и", "και", "oraz", "lub", "a", "ir", "un", "in", "ter", "es", "si", "s",
    ];
    WORDS.contains(&word)
}

/// Words between a provision and the name of its law.
pub(crate) fn leads_to_law(word: &str) -> bool {
    const WORDS: &str = "of the under des der dem das die de du la le les l d del dello della dell il lo van het do \
        da dos z ze zo no nr n c i av af in im od от на του της τον din a az ν o ust ec eg ce eu \
        so zakona zakonu zakon ustawy legea legii lei ley loi legge decreto legislativo lgs νομου \
        закона законот закон regulation reglement lag";
    WORDS.split(' ').any(|known| known == word)
}

/// The first letters of a word.
type Start = [char; 3];

fn start(word: &str) -> Start {
    let mut letters = word.chars();
    std::array::from_fn(|_| letters.next().unwrap_or_default())
}

/// How the words begin with which a provision can begin.
static STARTS: LazyLock<HashSet<Start>> = LazyLock::new(|| {
    let levels = WORDS.iter().chain(STEMS).flat_map(|(_, _, words)| words.iter().copied());
    let ordinals = ORDINALS.iter().flat_map(|(_, words)| words.split(' '));
    let heads = [HEADS, HEAD_STEMS, CHAPTERS, SCHEDULES].into_iter().flatten().copied();
    levels.chain(ordinals).chain(heads).map(start).collect()
});

/// Whether a provision may begin with a token: most can begin none, and need no closer look.
pub(crate) fn may_begin(token: &Token) -> bool {
    let word = token.text.as_str();
    match token.kind {
        Kind::Number => true,
        Kind::Sign(sign) => sign == '§',
        Kind::Word => {
            // One letter or the same twice counts; so does a Roman number, all of it in capitals.
            let letter = word.chars().nth(2).is_none();
            let roman = token.capitals > 0 && token.capitals == word.chars().count();
            letter || roman || STARTS.contains(&start(word))
        }
    }
}
