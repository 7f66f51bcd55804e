//! TCP and file-system sockets behind one face.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::mail::listener::Error;

pub(crate) enum Door {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, PathBuf),
}

impl Door {
    pub fn open(address: &str) -> Result<Self, Error> {
        let bound = |source| Error::Bind { address: address.to_owned(), source };
        let path = address.strip_prefix("unix:").unwrap_or(address);
        if path.starts_with('/') {
            return open_unix(Path::new(path)).map_err(bound);
        }
        let Ok(wanted) = address.parse::<SocketAddr>() else {
            return Err(Error::Address(address.to_owned()));
        };
        let listener = TcpListener::bind(wanted).map_err(bound)?;
        let local = listener.local_addr().map_err(bound)?;
        Ok(Self::Tcp(listener, local))
    }

    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(_, local) => Some(*local),
            Self::Unix(..) => None,
        }
    }

    pub fn accept(&self) -> io::Result<(Socket, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener, _) => listener.accept().map(|(tcp, peer)| (Socket::Tcp(tcp), Some(peer))),
            Self::Unix(listener, _) => listener.accept().map(|(unix, _)| (Socket::Unix(unix), None)),
        }
    }

    pub fn knock(&self) -> Knock {
        match self {
            Self::Tcp(_, local) => Knock::Tcp(*local),
            Self::Unix(_, path) => Knock::Unix(path.clone()),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // A socket left behind is told from a living one at the next start.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The folder of a socket that every user of this machine may enter: whoever enters it may hand in mail.
pub fn open_to_all(address: &str) -> Option<PathBuf> {
    let path = address.strip_prefix("unix:").or_else(|| address.starts_with('/').then_some(address))?;
    let folder = Path::new(path).parent()?;
    let mode = folder.metadata().ok()?.permissions().mode();
    (mode & 0o001 != 0).then(|| folder.to_owned())
}

/// What to do about it.
pub fn open_in_words(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "every user of this machine can enter `{folder}`, where the socket of `lmtp_listen` is, and hand in mail under any \
         name; `chmod o-rwx` it, and let the mail server be in its group"
    )
}

/// A socket nobody listens on is left from a crash and is taken over; anything else at the path is left alone.
fn open_unix(path: &Path) -> io::Result<Door> {
    let stale = path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket())
        && UnixStream::connect(path).is_err();
    if stale {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    // The mail server runs as another user; who may come in is the folder's permission.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    Ok(Door::Unix(listener, path.to_owned()))
}

/// Wakes a door that waits for a visitor.
#[derive(Clone)]
pub(crate) enum Knock {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Knock {
    pub fn knock(&self) {
        // Where nobody listens any more, nobody need be woken.
        match self {
            Self::Tcp(address) => {
                let mut address = *address;
                if address.ip().is_unspecified() {
                    address.set_ip(match address {
                        SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                        SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
                    });
                }
                drop(TcpStream::connect_timeout(&address, Duration::from_secs(1)));
            }
            Self::Unix(path) => drop(UnixStream::connect(path)),
        }
    }
}

pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    pub fn set_timeouts(&self, read: Duration, write: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => {
                tcp.set_nodelay(true)?;
                tcp.set_read_timeout(Some(read))?;
                tcp.set_write_timeout(Some(write))
            }
            Self::Unix(unix) => {
                unix.set_read_timeout(Some(read))?;
                unix.set_write_timeout(Some(write))
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.read(buffer),
            Self::Unix(unix) => unix.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.write(buffer),
            Self::Unix(unix) => unix.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.flush(),
            Self::Unix(unix) => unix.flush(),
        }
    }
}
