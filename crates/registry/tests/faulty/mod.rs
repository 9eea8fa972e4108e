//! A server that stands in front of a real one, or alone, and fails as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as a rule sees it.
pub(crate) struct Request {
    /// Method and path, without the query: `POST /api/2.0/mlflow/runs/create`.
    pub(crate) line: String,
    /// How many of this line came before.
    pub(crate) before: usize,
    /// What stands in `Authorization`.
    pub(crate) authorization: Option<String>,
}

/// What becomes of a request.
pub(crate) enum Fate {
    /// The real server answers.
    Passes,
    /// The real server does it, and its answer is lost.
    AnswerLost,
    /// The real server answers, with other bytes.
    Altered(fn(Vec<u8>) -> Vec<u8>),
    /// This status, these headers and this body.
    Answered(u16, &'static str, &'static str),
    /// Nothing for so long, then nothing at all.
    Silent(Duration),
}

type Rule = dyn Fn(&Request) -> Fate + Send + Sync;

/// The server, until the test's end.
pub(crate) struct Faulty {
    port: u16,
    seen: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Faulty {
    /// In front of the server at `http://host:port`, or of none.
    pub(crate) fn new(behind: Option<&str>, rule: impl Fn(&Request) -> Fate + Send + Sync + 'static) -> Faulty {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind = behind.map(|address| address.trim_start_matches("http://").trim_end_matches('/').to_owned());
        let seen: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        let (counts, rule): (_, Arc<Rule>) = (Arc::clone(&seen), Arc::new(rule));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (behind, counts, rule) = (behind.clone(), Arc::clone(&counts), Arc::clone(&rule));
                thread::spawn(move || _ = serve(client, behind.as_deref(), &counts, &*rule));
            }
        });
        Faulty { port, seen }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often a request came whose method and path begin like this.
    pub(crate) fn count(&self, line: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(seen, _)| seen.starts_with(line)).map(|(_, count)| count).sum()
    }
}

fn serve(
    mut client: TcpStream,
    behind: Option<&str>,
    counts: &Mutex<BTreeMap<String, usize>>,
    rule: &Rule,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut length, mut authorization) = (String::new(), 0, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if lower.starts_with("authorization:") {
            authorization = line.split_once(':').map(|(_, value)| value.trim().to_owned());
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    head.push_str("connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let words: Vec<&str> = head.split_whitespace().take(2).collect();
    let line = format!("{} {}", words[0], words[1].split('?').next().unwrap());
    let before = {
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(line.clone()).or_default();
        *count += 1;
        *count - 1
    };
    let forward = || -> std::io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(behind.expect("a server behind"))?;
        server.write_all(head.as_bytes())?;
        server.write_all(&body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    };
    match rule(&Request { line, before, authorization }) {
        Fate::Passes => client.write_all(&forward()?)?,
        Fate::AnswerLost => _ = forward()?,
        Fate::Altered(change) => client.write_all(&change(forward()?))?,
        Fate::Silent(time) => thread::sleep(time),
        Fate::Answered(status, headers, body) => {
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} X\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}");
            client.write_all(answer.as_bytes())?;
        }
    }
    client.shutdown(Shutdown::Both)
}
