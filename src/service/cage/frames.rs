//! How parent and child speak: a length of eight bytes, then so many bytes; what is asked bears a token.

use std::io::{Error, Read, Write};

/// What an answer must repeat: random, so that nobody can know it who did not read what was asked.
pub type Token = [u8; 16];

/// What is asked of a child; the answer begins with the token and the same octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Read a mail: a frame with its bytes, one with the texts that others recognised in its files, as JSON.
    Reading,
    /// Say which sentences of a letter carry its step: a frame with a `Lesson` as JSON.
    Lesson,
}

impl Asked {
    /// As it goes over the pipe.
    pub fn octet(self) -> u8 {
        match self {
            Self::Reading => b'r',
            Self::Lesson => b'l',
        }
    }

    fn of(octet: u8) -> std::io::Result<Self> {
        let known = [Self::Reading, Self::Lesson].into_iter().find(|asked| asked.octet() == octet);
        known.ok_or_else(|| Error::other("this is not asked of a child"))
    }
}

/// A token that nobody knows yet.
pub fn token() -> std::io::Result<Token> {
    let mut token = Token::default();
    getrandom::fill(&mut token).map_err(|error| Error::other(error.to_string()))?;
    Ok(token)
}

/// Writes what stands before each question and each answer.
pub fn head_out(to: &mut impl Write, (token, asked): (Token, Asked)) -> std::io::Result<()> {
    to.write_all(&token)?;
    to.write_all(&[asked.octet()])
}

/// Reads what `head_out` wrote.
pub fn head_in(from: &mut impl Read) -> std::io::Result<(Token, Asked)> {
    let (mut token, mut octet) = (Token::default(), [0]);
    from.read_exact(&mut token)?;
    from.read_exact(&mut octet)?;
    let [octet] = octet;
    Ok((token, Asked::of(octet)?))
}

/// Writes how long it is, then the bytes.
pub fn frame_out(to: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_be_bytes())?;
    to.write_all(bytes)
}

/// Reads what `frame_out` wrote, unless it is said to be larger than this.
pub fn frame_in(from: &mut impl Read, largest: usize) -> std::io::Result<Vec<u8>> {
    let mut length = [0_u8; 8];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > largest {
        return Err(Error::other("the frame is too large"));
    }
    exactly(from, length)
}

/// Reads so many bytes. Memory is taken as bytes come, not as they are promised.
pub fn exactly(from: &mut impl Read, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
