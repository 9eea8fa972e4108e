//! What is read and written here against what `serde_json` and the standard library read and write.

use super::{Dialect, Json, Kind, Text, Writer};

/// Numbers that repeat from run to run (Knuth's linear congruential generator).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11 ^ self.0 << 40
    }
}

fn number(text: &str) -> f64 {
    let read = Text::read(text.as_bytes(), Dialect::Strict).unwrap();
    assert_eq!(read.value().kind(), Kind::Number, "{text}");
    read.value().number()
}

#[test]
fn numbers_are_the_nearest_doubles() {
    let rows = [
        "0",
        "-0",
        "0.0",
        "1",
        "130",
        "130.0",
        "1.3e2",
        "3.66",
        "0.1",
        "1e1",
        "1E+22",
        "1e-22",
        "1e23",
        "123456789012345678901234567890",
        "9007199254740993",
        "9007199254740992.5",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e-400",
        "0e999999999999999999999",
        "0.00000000000000000000000000000000000001e38",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e400",
        "1e999999999999",
        "1e-999999999999",
        "8.98846567431158e307",
        "1.00000000000000011102230246251565404",
        "1.00000000000000011102230246251565405",
        "100000000000000000000000000000000000000000000000e-46",
    ];
    for text in rows {
        assert_eq!(number(text).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
    }
    // Halfway between 1 and the next double, and a digit 1,000 places behind it.
    let halfway = "1.00000000000000011102230246251565404236316680908203125";
    for (text, expected) in
        [(halfway.to_owned(), 1.0), (format!("{halfway}{}1", "0".repeat(1000)), 1.000_000_000_000_000_2)]
    {
        assert_eq!(number(&text).to_bits(), f64::to_bits(expected), "{text}");
    }
    let zeros = format!("0.{}1e1000", "0".repeat(999));
    assert_eq!(number(&zeros).to_bits(), 1f64.to_bits());
    let mut random = Random(1);
    for _ in 0..200_000 {
        let x = f64::from_bits(random.next());
        if x.is_finite() {
            for text in [format!("{x:?}"), format!("{x:e}"), format!("{x:.17e}")] {
                assert_eq!(number(&text).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
            }
        }
        let text =
            format!("{}.{}e{}", random.next() >> 20, random.next(), i64::try_from(random.next() % 700).unwrap() - 350);
        assert_eq!(number(&text).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
    }
}

#[test]
fn strings_are_what_serde_json_reads() {
    let pieces = [
        "a",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\b",
        "\\f",
        "\\r",
        "\\t",
        "\\u0041",
        "\\u00e9",
        "\\uD83D\\uDE95",
        "\\ud83d",
        "\\ude95",
        "\u{1f695}",
        "\\u0000",
    ];
    let mut random = Random(2);
    for _ in 0..20_000 {
        let content: String =
            (0..random.next() % 6).map(|_| pieces[usize::try_from(random.next() % 16).unwrap()]).collect();
        let text = format!("\"{content}\"");
        let read = Text::read(text.as_bytes(), Dialect::Strict).unwrap();
        let theirs = serde_json::from_str::<String>(&text).ok();
        assert_eq!(read.value().string().as_deref(), theirs.as_deref(), "{text}");
    }
}

/// Every value by the iterators, as a list of texts.
fn walk(value: Json<'_>, into: &mut Vec<String>) {
    into.push(value.text().to_owned());
    for item in value.items() {
        walk(item, into);
    }
    for (key, item) in value.entries() {
        into.push(key.name().into_owned());
        walk(item, into);
    }
}

fn walk_theirs(value: &serde_json::Value, into: &mut Vec<String>) {
    into.push(value.to_string());
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| walk_theirs(item, into)),
        serde_json::Value::Object(entries) => entries.iter().for_each(|(key, item)| {
            into.push(key.clone());
            walk_theirs(item, into);
        }),
        _ => {}
    }
}

#[test]
fn lists_and_objects_are_walked_as_they_stand() {
    let text = r#" { "" :"", "a" : [ 1 , [ ] , { } , "x,]}\"" , -2.5 ] ,"b":{"c":null,"d":[true,false,[[3]]]} } "#;
    let read = Text::read(text.as_bytes(), Dialect::Strict).unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    walk(read.value(), &mut ours);
    walk_theirs(&serde_json::from_str(text).unwrap(), &mut theirs);
    // Theirs are printed without spaces.
    let ours: Vec<String> = ours
        .iter()
        .map(|text| if text.starts_with(['[', '{']) { text.replace(' ', "") } else { text.clone() })
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn python_writes_what_is_missing_and_too_large_in_words() {
    let text = r#"{"NaN": [NaN, -Infinity, Infinity, "NaN", "\"NaN"], "x": NaN}"#;
    let read = Text::read(text.as_bytes(), Dialect::Python).unwrap();
    assert_eq!(read.value().text(), r#"{"NaN": [null, -1e999 , 1e999 , "NaN", "\"NaN"], "x": null}"#);
    assert!(Text::read(text.as_bytes(), Dialect::Strict).is_err());
    for text in
        ["-NaN", "NaNa", "Inf", "nan", "[NaN NaN]", "Infinity1", "1Infinity", "1.Infinity", "1e+Infinity", "+Infinity"]
    {
        assert!(Text::read(text.as_bytes(), Dialect::Python).is_err(), "{text}");
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    for (depth, taken) in [(64, true), (65, false), (500_000, false)] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
            assert_eq!(Text::read(text.as_bytes(), Dialect::Strict).is_ok(), taken, "{depth}");
        }
    }
    // Brackets in a string are none.
    let text = format!("\"{}\"", "[".repeat(1000));
    assert!(Text::read(text.as_bytes(), Dialect::Strict).is_ok());
}

#[test]
fn what_is_written_is_what_serde_json_writes() {
    let mut out = Writer::new();
    let every: String = (0..0x250).filter_map(char::from_u32).chain(['\u{2028}', '\u{1f695}']).collect();
    out.open(b'{');
    out.pair("a", &every);
    out.key("b");
    out.open(b'[');
    for x in [0.0, -0.0, 1.0, 0.1, 1e21, 1e-7, f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY] {
        out.number(x);
    }
    out.open(b'[');
    out.close(b']');
    out.count(17);
    out.close(b']');
    out.key("c");
    out.raw("true");
    out.close(b'}');
    let ours = String::from_utf8(out.finish()).unwrap();
    let theirs: serde_json::Value = serde_json::from_str(&ours).unwrap();
    assert_eq!(theirs.to_string(), ours);
    assert_eq!(theirs["a"], every);
}
