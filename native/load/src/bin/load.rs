//! The load generator by itself, for development: `load run|replay` reads settings as JSON from standard input and writes
//! the report as JSON; `load floor HOST:PORT VALUE_BYTES` serves.
#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;

use load::{Error, Progress, Settings, floor, run, trace};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match answer(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(report) => writeln!(std::io::stdout(), "{report}").map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Err(error) => writeln!(std::io::stderr(), "load: {error}").map_or(ExitCode::FAILURE, |()| ExitCode::FAILURE),
    }
}

fn answer(words: &[&str]) -> Result<String, Error> {
    match words {
        ["run"] => run(&Settings::from_json(&standard_input()?)?, &Progress::default()).map(|report| report.to_json()),
        ["replay"] => trace::replay(&trace::Replay::from_json(&standard_input()?)?).map(|report| report.to_json()),
        ["floor", listen, value_bytes] => {
            let refused = |source| Error::Io { doing: format!("listen on {listen}"), source };
            let bytes = value_bytes.parse().map_err(|_| Error::Setting("VALUE_BYTES: a number".to_owned()))?;
            floor::serve(&TcpListener::bind(listen).map_err(refused)?, bytes).map(|()| String::new())
        }
        _ => Err(Error::Setting("say run, replay or floor HOST:PORT VALUE_BYTES".to_owned())),
    }
}

fn standard_input() -> Result<String, Error> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map(|_| text).map_err(|source| Error::Io { doing: "standard input".to_owned(), source })
}
