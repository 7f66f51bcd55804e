//! The words of our languages that name a level of a provision, folded: `abs`, `ods`, `lid`, `mom`, `лит`.

use crate::domain::law::citation::Level;

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
const WORDS: &[(&str, Level, Side)] = &[
    ("abs", Paragraph, Before),
    ("absatz", Paragraph, Either),
    ("absatzes", Paragraph, Either),
    ("odst", Paragraph, Either),
    ("ods", Paragraph, Either),
    ("ust", Paragraph, Before),
    ("para", Paragraph, Before),
    ("paras", Paragraph, Before),
    ("par", Paragraph, Before),
    ("subsection", Paragraph, Before),
    ("subsections", Paragraph, Before),
    ("ss", Paragraph, Before),
    ("παρ", Paragraph, Before),
    ("εδ", Sentence, Either),
    ("εδαφιο", Sentence, Either),
    ("περ", Letter, Before),
    ("περιπτ", Letter, Before),
    ("στοιχ", Letter, Before),
    ("ал", Paragraph, Before),
    ("алинея", Paragraph, Before),
    ("став", Paragraph, Either),
    ("ставот", Paragraph, Either),
    ("ст", Paragraph, Before),
    ("т", Number, Before),
    ("точка", Number, Before),
    ("точки", Number, Before),
    ("тач", Number, Before),
    ("буква", Letter, Before),
    ("st", Paragraph, Either),
    ("stav", Paragraph, Either),
    ("al", Paragraph, Before),
    ("alin", Paragraph, Either),
    ("co", Paragraph, Before),
    ("c", Paragraph, Before),
    ("cpv", Paragraph, Before),
    ("lid", Paragraph, Either),
    ("leden", Paragraph, Before),
    ("stk", Paragraph, Before),
    ("mom", Paragraph, Either),
    ("lg", Paragraph, Before),
    ("lõige", Paragraph, Either),
    ("apdo", Paragraph, Before),
    ("ap", Paragraph, Before),
    ("apartado", Paragraph, Before),
    ("ledd", Paragraph, After),
    ("leddet", Paragraph, After),
    ("bek", Paragraph, After),
    ("f", Sentence, Before),
    ("satz", Sentence, Either),
    ("s", Sentence, Before),
    ("hs", Sentence, After),
    ("halbsatz", Sentence, Either),
    ("volzin", Sentence, After),
    ("pkt", Number, Either),
    ("punkt", Number, Either),
    ("punkti", Number, Either),
    ("punktid", Number, Before),
    ("punkten", Number, Either),
    ("nr", Number, Before),
    ("nrn", Number, Before),
    ("nrs", Number, Before),
    ("no", Number, Before),
    ("nos", Number, Before),
    ("n", Number, Before),
    ("nummer", Number, Before),
    ("nummern", Number, Before),
    ("numero", Number, Before),
    ("ziff", Number, Before),
    ("ziffer", Number, Before),
    ("z", Number, Before),
    ("t", Number, Before),
    ("tc", Number, Either),
    ("tocka", Number, Either),
    ("tocke", Number, Either),
    ("tocki", Number, Either),
    ("tocko", Number, Either),
    ("p", Number, Either),
    ("k", Number, After),
    ("punto", Number, Before),
    ("punct", Number, Before),
    ("pct", Number, Before),
    ("pont", Number, Either),
    ("point", Number, Before),
    ("bod", Number, Before),
    ("bodu", Number, Before),
    ("bst", Letter, Before),
    ("buchst", Letter, Before),
    ("buchstabe", Letter, Before),
    ("lit", Letter, Before),
    ("let", Letter, Before),
    ("lett", Letter, Before),
    ("litt", Letter, Before),
    ("pism", Letter, Before),
    ("onder", Letter, Before),
    ("sub", Letter, Before),
    ("letra", Letter, Before),
    ("lettre", Letter, Before),
    ("lettera", Letter, Before),
    ("litera", Letter, Before),
    ("литера", Letter, Before),
    ("er", Letter, Before),
    ("indent", Indent, After),
    ("tiret", Indent, Either),
    ("tankestreck", Indent, After),
    ("streepje", Indent, After),
    ("spiegelstrich", Indent, Either),
    ("part", Chapter, Before),
    ("dal", Paragraph, After),
    ("d", Paragraph, After),
];

/// Beginnings of words that are bent: `odstavcem`, `momentin`, `straipsnio`.
const STEMS: &[(&str, Level, Side)] = &[
    ("odsta", Paragraph, Either),
    ("odstavec", Paragraph, Either),
    ("paragra", Paragraph, Either),
    ("παραγραφ", Paragraph, Either),
    ("περιπτωσ", Letter, Either),
    ("στοιχει", Letter, Either),
    ("stavk", Paragraph, Either),
    ("ставо", Paragraph, Either),
    ("став", Paragraph, Either),
    ("stavo", Paragraph, Either),
    ("stava", Paragraph, Either),
    ("алине", Paragraph, Either),
    ("тачк", Number, Either),
    ("тачц", Number, Either),
    ("alinea", Paragraph, Either),
    ("aline", Paragraph, Either),
    ("comma", Paragraph, Either),
    ("capovers", Paragraph, Before),
    ("styk", Paragraph, Either),
    ("moment", Paragraph, After),
    ("lõik", Paragraph, Either),
    ("loik", Paragraph, Either),
    ("loige", Paragraph, Either),
    ("bekezdes", Paragraph, After),
    ("stycke", Paragraph, After),
    ("daliai", Paragraph, After),
    ("dalie", Paragraph, After),
    ("dalis", Paragraph, After),
    ("daly", Paragraph, After),
    ("dala", Paragraph, After),
    ("dalu", Paragraph, After),
    ("ustep", Paragraph, Before),
    ("kohta", Number, Either),
    ("kohda", Number, Either),
    ("kohas", Number, Either),
    ("punkt", Number, Either),
    ("tock", Number, Either),
    ("pontj", Letter, After),
    ("pism", Letter, Before),
    ("liter", Letter, Before),
    ("lettr", Letter, Before),
    ("buchstab", Letter, Before),
    ("ziffern", Number, Before),
    ("indent", Indent, After),
    ("tiret", Indent, Either),
    ("meros", Chapter, Before),
    ("teikum", Sentence, After),
];

/// A level by its word, and on which side of the number the word stands.
pub(crate) fn level(word: &str) -> Option<(Level, Side)> {
    let whole = WORDS.iter().find(|(known, ..)| *known == word);
    let found = whole.or_else(|| STEMS.iter().find(|(stem, ..)| word.starts_with(stem)));
    // Portuguese says "alínea a)" of letters, French "alinéa 5" of paragraphs; the value tells which it is.
    found.map(|(_, level, side)| (*level, *side))
}

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
    matches!(
        word,
        "arts"
            | "artt"
            | "sections"
            | "secs"
            | "ss"
            | "articles"
            | "artikelen"
            | "articoli"
            | "articulos"
            | "artigos"
    )
}

/// Whether a word names a chapter.
pub(crate) fn chapter(word: &str) -> bool {
    matches!(
        word,
        "kap"
            | "kapitel"
            | "kapitlet"
            | "kapittel"
            | "chapter"
            | "ch"
            | "luku"
            | "luvun"
            | "hoofdstuk"
            | "hlava"
    )
}

/// Whether a word names a schedule or a part, which are counted beside the articles.
pub(crate) fn schedule(word: &str) -> bool {
    matches!(word, "sch" | "schedule" | "μερος" | "μερους" | "annex" | "anlage" | "bijlage")
}

/// A count in words: `første`, `tweede`, `third`.
pub(crate) fn ordinal(word: &str) -> Option<&'static str> {
    const ORDINALS: &[(&str, &[&str])] = &[
        (
            "1",
            &[
                "first",
                "første",
                "forste",
                "fyrste",
                "första",
                "forsta",
                "eerste",
                "premier",
                "premiere",
                "erster",
                "ersten",
                "erste",
                "primo",
                "prima",
                "prvi",
                "prvega",
                "prvem",
                "ensimmaisen",
                "pirma",
                "pirmas",
                "pirmos",
                "pirmaja",
                "esimene",
            ],
        ),
        (
            "2",
            &[
                "second", "andre", "andra", "tweede", "deuxieme", "second", "zweiter", "zweiten", "zweite",
                "secondo", "drugi", "drugega", "drugem", "otra", "otras", "otraja", "toisen", "teine",
            ],
        ),
        (
            "3",
            &[
                "third",
                "tredje",
                "derde",
                "troisieme",
                "dritter",
                "dritten",
                "dritte",
                "terzo",
                "tretji",
                "tretjega",
                "tretjem",
                "tresa",
                "tresas",
                "tresaja",
                "kolmannen",
            ],
        ),
        (
            "4",
            &[
                "fourth",
                "fjerde",
                "fjarde",
                "vierde",
                "quatrieme",
                "vierter",
                "vierten",
                "cetrti",
                "cetrtega",
                "ceturta",
                "ceturtas",
                "neljannen",
            ],
        ),
        ("5", &["fifth", "femte", "vijfde", "cinquieme", "funfter", "peti", "petega", "piekta", "piektas"]),
        ("6", &["sixth", "sjette", "sjatte", "zesde", "sixieme", "sesti", "sestega", "sesta"]),
    ];
    ORDINALS.iter().find(|(_, words)| words.contains(&word)).map(|(value, _)| *value)
}

/// Words that join provisions or their parts.
pub(crate) fn joins(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "und"
            | "oder"
            | "sowie"
            | "et"
            | "ou"
            | "e"
            | "o"
            | "y"
            | "en"
            | "of"
            | "och"
            | "og"
            | "eller"
            | "ja"
            | "i"
            | "и"
            | "και"
            | "oraz"
            | "lub"
            | "a"
            | "ir"
            | "un"
            | "in"
            | "ter"
            | "es"
            | "si"
            | "s"
    )
}

/// Words between a provision and the name of its law.
pub(crate) fn leads_to_law(word: &str) -> bool {
    matches!(
        word,
        "of" | "the"
            | "under"
            | "des"
            | "der"
            | "dem"
            | "das"
            | "die"
            | "de"
            | "du"
            | "la"
            | "le"
            | "les"
            | "l"
            | "d"
            | "del"
            | "dello"
            | "della"
            | "dell"
            | "della'"
            | "il"
            | "lo"
            | "van"
            | "het"
            | "do"
            | "da"
            | "dos"
            | "z"
            | "ze"
            | "ze."
            | "zo"
            | "no"
            | "nr"
            | "n"
            | "c"
            | "č"
            | "i"
            | "av"
            | "af"
            | "in"
            | "im"
            | "od"
            | "от"
            | "на"
            | "του"
            | "της"
            | "τον"
            | "din"
            | "a"
            | "az"
            | "ν"
            | "o"
            | "ust"
            | "n°"
            | "ec"
            | "eg"
            | "ce"
            | "eu"
            | "so"
    )
}
