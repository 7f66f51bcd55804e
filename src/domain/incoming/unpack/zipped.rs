//! Files of a zip archive that was attached: a letter in an archive is a letter, so each becomes a file of its own.

use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::mime::Notes;
use crate::domain::incoming::unpack::{Contents, Taken};

/// How many files of one archive are taken out.
const MAX_FILES: usize = 50;

/// Takes the files out. Names that lead out of the folder are left where they are; nothing is written anywhere.
pub fn read(data: &[u8], notes: &mut Notes) -> Contents {
    let mut contents = Contents::default();
    // Why an archive cannot be opened is said beside the archive itself.
    let Some(mut package) = Package::open(data, &mut Notes::default()) else { return contents };
    for (at, entry) in package.entries().to_vec().into_iter().enumerate() {
        let service = entry.name.starts_with("__MACOSX/") || entry.name.ends_with(".DS_Store");
        if entry.folder || entry.locked || entry.leads_out() || service {
            continue;
        }
        if contents.files.len() >= MAX_FILES {
            notes.add(format!(
                "not read: more than {MAX_FILES} files in the archive; the rest was left in it"
            ));
            break;
        }
        if let Some(bytes) = package.bytes_at(at, notes) {
            contents.files.push(Taken { name: entry.name, content_type: String::new(), data: bytes });
        }
    }
    contents
}
