//! The mail server to which benches send: it takes everything at once and counts it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A mail server that takes everything at once; its address.
pub fn sink(taken: Arc<AtomicUsize>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("smtp://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let taken = Arc::clone(&taken);
            // That a client leaves is no matter here.
            std::thread::spawn(move || talk(&client, &taken).is_ok());
        }
    });
    Ok(url)
}

fn talk(client: &TcpStream, taken: &AtomicUsize) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let (mut lines, mut out, mut body) = (BufReader::new(client.try_clone()?), client, false);
    out.write_all(b"220 sink.example ESMTP\r\n")?;
    let mut line = Vec::new();
    while {
        line.clear();
        lines.read_until(b'\n', &mut line)? > 0
    } {
        let verb = line.get(..4).unwrap_or_default();
        let said: &[u8] = match verb {
            _ if body && line != b".\r\n" => continue,
            _ if body => {
                body = false;
                taken.fetch_add(1, Ordering::SeqCst);
                b"250 2.0.0 taken\r\n"
            }
            b"EHLO" => b"250-sink.example\r\n250-SIZE 10000000\r\n250 8BITMIME\r\n",
            b"DATA" => {
                body = true;
                b"354 go on\r\n"
            }
            b"QUIT" => return out.write_all(b"221 bye\r\n"),
            _ => b"250 ok\r\n",
        };
        out.write_all(said)?;
    }
    Ok(())
}
