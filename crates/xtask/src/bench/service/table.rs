//! What the document says: goals first, then all that was measured.

use super::load::Load;
use super::processes::Memory;
use super::rounds::{CONNECTIONS, Found, Results};
use super::soak::Soaked;
use crate::bench::figures::median;

/// How many times as many requests a second as the reference were promised, by [`CONNECTIONS`].
const PROMISED: [f64; 3] = [3.0, 5.0, 5.0];
/// Of memory in the soak, bytes an hour that pass for flat: a hundredth of what a server takes.
const FLAT: f64 = 5e6;

/// The comparison.
pub(super) fn comparison(results: &Results, described: &str) -> String {
    let [reference, kept, ours] = &results.found;
    let sections = [
        described.to_owned(),
        goals(reference, ours, results.offered),
        rates([ours, reference, kept]),
        paced([ours, reference, kept], results.offered),
        costs([ours, reference, kept]),
    ];
    sections.join("\n\n")
}

fn goals(reference: &Found, ours: &Found, offered: f64) -> String {
    let mut lines = vec!["| goal | asked | found | |\n|---|---:|---:|---|".to_owned()];
    for (place, (connections, promised)) in CONNECTIONS.iter().zip(PROMISED).enumerate() {
        let ratio = ours.rate_over(reference, place);
        let plural = if *connections == 1 { "" } else { "s" };
        lines.push(goal(
            &format!("requests a second over gunicorn's, {connections} connection{plural}"),
            &format!("at least {promised}"),
            ratio.map(|ratio| format!("{ratio:.1}")),
            ratio.map(|ratio| ratio >= promised),
        ));
    }
    let tail = |found: &Found| found.paced(|load| load.p99);
    let ratio = tail(ours).zip(tail(reference)).map(|(ours, reference)| ours / reference);
    lines.push(goal(
        &format!("p99 at {offered:.0} requests a second, over gunicorn's"),
        "at most 1",
        ratio.map(|ratio| format!("{ratio:.2}")),
        ratio.map(|ratio| ratio <= 1.0),
    ));
    let errors = ours.errors();
    lines.push(goal("failed requests", "0", Some(format!("{errors:.0}")), Some(errors == 0.0)));
    lines.join("\n")
}

fn goal(what: &str, asked: &str, found: Option<String>, is_reached: Option<bool>) -> String {
    let verdict = match is_reached {
        Some(true) => "reached",
        Some(false) => "**not reached**",
        None => "not measured",
    };
    format!("| {what} | {asked} | {} | {verdict} |", found.unwrap_or_else(dash))
}

/// Ours, and for the others how many times theirs that is.
fn rates(all: [&Found; 3]) -> String {
    let [ours, ..] = all;
    let heads = CONNECTIONS.map(|connections| connections.to_string()).join(" | ");
    let mut lines = vec![
        "Requests a second, by connections; in brackets how many times that ours is:\n".to_owned(),
        format!("| | {heads} |\n|---|---:|---:|---:|"),
    ];
    for found in all {
        let cells: Vec<String> = (0..CONNECTIONS.len()).map(|place| rate(found, ours, place)).collect();
        lines.push(format!("| {} | {} |", found.name, cells.join(" | ")));
    }
    lines.push("\nCPU time of all processes for a request, without the load generator's:\n".to_owned());
    lines.push(format!("| | {heads} |\n|---|---:|---:|---:|"));
    for found in all {
        let cpu = |place| found.cpu(place).map_or_else(dash, |cpu| format!("{cpu:.0} us"));
        let cells: Vec<String> = (0..CONNECTIONS.len()).map(cpu).collect();
        lines.push(format!("| {} | {} |", found.name, cells.join(" | ")));
    }
    lines.join("\n")
}

fn rate(found: &Found, ours: &Found, place: usize) -> String {
    let Some(rate) = found.rate(place) else { return dash() };
    if found.name == ours.name {
        return format!("**{rate:.0}**");
    }
    let ratio = ours.rate_over(found, place).map_or_else(dash, |ratio| format!("{ratio:.1}"));
    format!("{rate:.0} ({ratio})")
}

fn paced(all: [&Found; 3], offered: f64) -> String {
    let mut lines = vec![
        format!("At {offered:.0} requests a second, half of what gunicorn answers on 16 connections, on as many:\n"),
        "| | median | p99 | answered a second | failed, here and above | answers checked |\n|---|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for found in all {
        let time = |of: fn(&Load) -> f64| found.paced(of).map_or_else(dash, |time| format!("{time:.2} ms"));
        let rate = found.paced(|load| load.rate).map_or_else(dash, |rate| format!("{rate:.0}"));
        let (median, p99) = (time(|load| load.median), time(|load| load.p99));
        lines.push(format!(
            "| {} | {median} | {p99} | {rate} | {:.0} | {} |",
            found.name,
            found.errors(),
            found.checked
        ));
    }
    lines.join("\n")
}

fn costs(all: [&Found; 3]) -> String {
    let mut lines = vec![
        "Start and memory; memory is of all processes, pages that they share counted once:\n".to_owned(),
        "| | start to first answer | processes | memory after it | after all of the above |\n|---|---:|---:|---:|---:|"
            .to_owned(),
    ];
    for found in all {
        let start = median(&found.first_answers).map_or_else(dash, |start| format!("{start:.0} ms"));
        let megabytes = |memory: Memory| format!("{:.0} MB", memory.proportional / 1e6);
        lines.push(format!(
            "| {} | {start} | {} | {} | {} |",
            found.name,
            found.memory_after.processes,
            megabytes(found.memory_at_rest),
            megabytes(found.memory_after)
        ));
    }
    lines.join("\n")
}

/// The soak.
pub(super) fn soak(soaked: &Soaked) -> String {
    let (errors, slope) = (soaked.errors(), soaked.slope());
    let answered = soaked.minutes.iter().map(|minute| minute.requests).sum::<f64>();
    let time = |minute: Option<&Load>| minute.map_or_else(dash, |load| format!("{:.2} ms", load.p99));
    let worst = soaked.minutes.iter().map(|minute| minute.p99).fold(0.0, f64::max);
    let memory = |bytes: Option<&(f64, f64)>| bytes.map_or_else(dash, |(_, bytes)| format!("{:.0} MB", bytes / 1e6));
    let most = soaked.memory.iter().map(|(_, bytes)| *bytes).fold(0.0, f64::max);
    [
        format!("{}\n\n| goal | asked | found | |\n|---|---:|---:|---|", soaked.described),
        goal("failed requests", "0", Some(format!("{errors:.0} of {:.0}", answered + errors)), Some(errors == 0.0)),
        goal(
            "growth of memory an hour, after a fifth of the time",
            &format!("at most {:.0} MB", FLAT / 1e6),
            slope.map(|slope| format!("{:+.1} MB", slope / 1e6)),
            slope.map(|slope| slope <= FLAT),
        ),
        String::new(),
        format!(
            "| {} minutes at {:.0} requests a second, half of the maximum | |\n|---|---:|",
            soaked.minutes.len(),
            soaked.offered
        ),
        format!(
            "| p99 of the first and of the last minute | {}, {} |",
            time(soaked.minutes.first()),
            time(soaked.minutes.last())
        ),
        format!("| of the worst minute | {worst:.2} ms |"),
        format!(
            "| memory of all processes, but for pages of files, in the beginning and in the end | {}, {} |",
            memory(soaked.memory.first()),
            memory(soaked.memory.last())
        ),
        format!("| the most that was seen | {:.0} MB |", most / 1e6),
        format!("| answers checked | {} |", soaked.checked),
    ]
    .join("\n")
}

fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::service::rounds::Turn;

    fn found(name: &'static str, rate: f64, p99: f64) -> Found {
        let turns = |rate| vec![Turn { load: Load { rate, requests: rate, ..Load::default() }, cpu: 1e6 / rate }];
        Found {
            name,
            first_answers: vec![400.0],
            memory_at_rest: Memory::default(),
            memory_after: Memory { processes: 3, resident: 2e8, proportional: 1.5e8, own: 1e8 },
            turns: [turns(rate), turns(2.0 * rate), Vec::new()],
            paced: vec![Load { rate: 500.0, median: 1.0, p99, ..Load::default() }],
            checked: 100,
        }
    }

    #[test]
    fn the_numbers_say_what_is_reached() {
        let all = [found("gunicorn", 500.0, 2.0), found("kept", 1000.0, 2.0), found("ours", 2000.0, 3.0)];
        let text = comparison(&Results { found: all, offered: 250.0 }, "A machine.");
        for row in [
            "| requests a second over gunicorn's, 1 connection | at least 3 | 4.0 | reached |",
            "| requests a second over gunicorn's, 16 connections | at least 5 | 4.0 | **not reached** |",
            "| requests a second over gunicorn's, 256 connections | at least 5 | - | not measured |",
            "| p99 at 250 requests a second, over gunicorn's | at most 1 | 1.50 | **not reached** |",
            "| failed requests | 0 | 0 | reached |",
            "| ours | **2000** | **4000** | - |",
            "| kept | 1000 (2.0) | 2000 (2.0) | - |",
            "| gunicorn | 2000 us | 1000 us | - |",
            "| ours | 400 ms | 3 | 0 MB | 150 MB |",
        ] {
            assert!(text.contains(row), "{row} in\n{text}");
        }
    }

    fn memory() -> Vec<(f64, f64)> {
        let minute = |first: u32, bytes: f64| (first..first + 12).map(move |look| (f64::from(look) / 720.0, bytes));
        let rest = [(0.0, 1e8), (1.0 / 720.0, 1e8)];
        rest.into_iter().chain(minute(6, 2e8)).chain(minute(18, 2.01e8)).collect()
    }

    #[test]
    fn a_soak_that_grows_or_fails_is_told_so() {
        let minute = |p99, errors| Load { requests: 1000.0, p99, errors, ..Load::default() };
        let soaked = Soaked {
            offered: 17.0,
            minutes: vec![minute(1.0, 0.0), minute(4.0, 1.0), minute(2.0, 0.0)],
            // Two looks at rest, then twelve a minute: 200 MB for one, 201 MB for the next.
            memory: memory(),
            checked: 60,
            described: "A machine.".to_owned(),
        };
        let text = soak(&soaked);
        for row in [
            "| failed requests | 0 | 1 of 3001 | **not reached** |",
            "| at most 5 MB | +60.0 MB | **not reached** |",
            "| p99 of the first and of the last minute | 1.00 ms, 2.00 ms |",
            "| of the worst minute | 4.00 ms |",
            "| memory of all processes, but for pages of files, in the beginning and in the end | 100 MB, 201 MB |",
        ] {
            assert!(text.contains(row), "{row} in\n{text}");
        }
    }
}
