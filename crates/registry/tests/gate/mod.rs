//! A gate before a real server: it lets requests through, refuses some, or is shut.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the gate does.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    /// Everything passes.
    Open,
    /// Requests that begin so are answered with 503.
    Refuses(&'static str),
    /// No request is answered.
    Shut,
}

/// A gate; its thread ends with the test's process.
pub(crate) struct Gate {
    pub(crate) address: String,
    mood: Arc<Mutex<Mood>>,
}

impl Gate {
    /// Before the server at an address `http://HOST:PORT`.
    pub(crate) fn before(server: &str) -> Gate {
        let target = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mood = Arc::new(Mutex::new(Mood::Open));
        let shared = Arc::clone(&mood);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (target, mood) = (target.clone(), shared.lock().unwrap().clone());
                // Either side may go away: that is what a gate is for.
                thread::spawn(move || _ = pass(stream, &target, &mood));
            }
        });
        Gate { address, mood }
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

/// One request and its answer, whole.
pub(crate) fn read_request(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            let mut body = bytes.split_off(end + 4);
            while body.len() < length.unwrap_or(0) {
                let read = stream.read(&mut piece)?;
                body.extend_from_slice(&piece[..read]);
            }
            return Ok((head, body));
        }
        match stream.read(&mut piece)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

fn pass(mut stream: TcpStream, target: &str, mood: &Mood) -> std::io::Result<()> {
    let (head, body) = read_request(&mut stream)?;
    match mood {
        Mood::Shut => return Ok(()),
        Mood::Refuses(beginning) if head.starts_with(beginning) => {
            return stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
        Mood::Open | Mood::Refuses(_) => {}
    }
    let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = lines.collect::<Vec<_>>().join("\r\n") + "\r\nconnection: close\r\n\r\n";
    let mut server = TcpStream::connect(target)?;
    server.write_all(head.as_bytes())?;
    server.write_all(&body)?;
    std::io::copy(&mut server, &mut stream)?;
    Ok(())
}
