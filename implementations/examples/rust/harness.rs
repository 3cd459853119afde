// A harness in Rust, standard library only: the codec of every revision.
//   rustc -O harness.rs && hgframing check exec:./harness
// Copy it: `Json` and `main` are what any harness needs, `Codec` stands for the implementation.
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, Write};

// -- Json: just enough to read a message and to look things up in it.
enum Json {
    Null,
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Map(HashMap<String, Json>),
}

impl Json {
    fn peek(octets: &[u8], at: &mut usize) -> u8 {
        while octets[*at].is_ascii_whitespace() || octets[*at] == b',' || octets[*at] == b':' {
            *at += 1;
        }
        octets[*at]
    }
    fn value(octets: &[u8], at: &mut usize) -> Json {
        match Json::peek(octets, at) {
            b'{' => {
                *at += 1;
                let mut map = HashMap::new();
                while Json::peek(octets, at) != b'}' {
                    let key = Json::text(octets, at);
                    map.insert(key, Json::value(octets, at));
                }
                *at += 1;
                Json::Map(map)
            }
            b'[' => {
                *at += 1;
                let mut list = vec![];
                while Json::peek(octets, at) != b']' { list.push(Json::value(octets, at)); }
                *at += 1;
                Json::List(list)
            }
            b'"' => Json::Text(Json::text(octets, at)),
            _ => {
                let start = *at;
                while *at < octets.len() && !b",]} \t\r\n".contains(&octets[*at]) {
                    *at += 1;
                }
                let word = String::from_utf8_lossy(&octets[start..*at]).into_owned();
                word.parse().map(Json::Number).unwrap_or(Json::Null)
            }
        }
    }
    // What a harness reads are hex digits and names; escapes are skipped, not understood.
    fn text(octets: &[u8], at: &mut usize) -> String {
        *at += 1;
        let start = *at;
        while octets[*at] != b'"' {
            *at += if octets[*at] == b'\\' { 2 } else { 1 };
        }
        *at += 1;
        String::from_utf8_lossy(&octets[start..*at - 1]).into_owned()
    }
    fn get(&self, key: &str) -> &Json {
        match self {
            Json::Map(map) => map.get(key).unwrap_or(&Json::Null),
            _ => &Json::Null,
        }
    }
    fn number(&self) -> i64 {
        if let Json::Number(number) = self { *number } else { 0 }
    }
    fn str(&self) -> &str {
        if let Json::Text(text) = self { text } else { "" }
    }
    fn items(&self) -> &[Json] {
        if let Json::List(list) = self { list } else { &[] }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

// -- The codec: the fields between the length and the last octet, and their widths, by revision.
const MAX_PAYLOAD: usize = 65535;

struct Codec {
    fields: &'static [(&'static str, usize)],
    held: Vec<u8>,
    lost: bool, // after a frame that is not read, nobody knows where the next one begins
}

impl Codec {
    fn new(revision: &str) -> Codec {
        let fields: &[(&str, usize)] = match revision {
            "0001" => &[],
            "0002" => &[("request", 2)],
            _ => &[("request", 2), ("stream", 1), ("stream-flags", 1)],
        };
        Codec { fields, held: Vec::new(), lost: false }
    }
    fn size(&self) -> usize {
        4 + self.fields.iter().map(|(_, width)| width).sum::<usize>()
    }
    fn receive(&mut self, octets: &[u8], actions: &mut Vec<String>) {
        if self.lost {
            return;
        }
        self.held.extend_from_slice(octets);
        let size = self.size();
        let mut at = 0;
        while self.held.len() - at >= size {
            let head = &self.held[at..at + size];
            let length = head[0] as usize | (head[1] as usize) << 8 | (head[2] as usize) << 16;
            if length > MAX_PAYLOAD {
                actions.push(format!(r#"{{"error":{{"code":"payload-too-large","message":"{length} octets"}}}}"#));
                (self.held, self.lost) = (Vec::new(), true);
                return;
            }
            if self.held.len() - at < size + length {
                break;
            }
            let mut frame = String::new();
            let mut position = 3;
            for (name, width) in self.fields {
                let value = (0..*width).fold(0, |sum, i| sum | (head[position + i] as usize) << (8 * i));
                write!(frame, r#""{name}":{value},"#).unwrap();
                position += width;
            }
            let (kind, flags) = (head[size - 1] >> 4, head[size - 1] & 15);
            let payload = hex(&self.held[at + size..at + size + length]);
            actions.push(format!(
                r#"{{"frame":{{{frame}"type":{kind},"flags":{flags},"payload":{{"hex":"{payload}"}}}}}}"#
            ));
            at += size + length;
        }
        self.held.drain(..at);
    }
    fn encode(&self, frame: &Json) -> String {
        let payload = unhex(frame.get("payload").get("hex").str());
        let mut octets = Vec::with_capacity(self.size() + payload.len());
        let mut fits = payload.len() < 1 << 24;
        octets.extend_from_slice(&payload.len().to_le_bytes()[..3]);
        for (name, width) in self.fields {
            let value = frame.get(name).number();
            fits &= (0..1 << (8 * width)).contains(&value);
            octets.extend_from_slice(&value.to_le_bytes()[..*width]);
        }
        let (kind, flags) = (frame.get("type").number(), frame.get("flags").number());
        if !fits || !(0..16).contains(&kind) || !(0..16).contains(&flags) {
            return r#"{"refused":{"message":"a number does not fit its field"}}"#.to_string();
        }
        octets.push((kind << 4 | flags) as u8);
        octets.extend_from_slice(&payload);
        format!(r#"{{"octets":{{"hex":"{}"}}}}"#, hex(&octets))
    }
}

// -- main: one message a line.
fn run(message: &Json) -> String {
    let (mut codec, mut steps) = (Codec::new(message.get("revision").str()), vec![]);
    for step in message.get("steps").items() {
        let mut actions = vec![];
        for chunk in step.get("receive").items() {
            codec.receive(&unhex(chunk.str()), &mut actions);
        }
        if let Json::Map(_) = step.get("encode") {
            actions.push(codec.encode(step.get("encode")));
        }
        if matches!(step, Json::Map(map) if map.contains_key("end-input")) && !codec.held.is_empty() {
            actions.push(r#"{"error":{"code":"truncated-frame","message":"input ended inside a frame"}}"#.to_string());
        }
        steps.push(format!("[{}]", actions.join(",")));
    }
    format!(r#"{{"op":"result","seq":{},"steps":[{}]}}"#, message.get("seq").number(), steps.join(","))
}

const HELLO: &str = r#"{"op":"hello","protocol":1,"name":"example-rust","version":"1","language":"rust",
"revisions":["0001","0002","0002-streams","0005-draft","0005","0006"],"layers":["codec"],
"capabilities":{"error-codes":true,"steps":["receive","end-input","encode"]}}"#;

fn main() {
    for line in io::stdin().lock().lines() {
        let message = Json::value(line.unwrap().as_bytes(), &mut 0);
        let answer = match message.get("op").str() {
            "bye" => return,
            "hello" => HELLO.replace('\n', ""),
            "case" => run(&message),
            _ => r#"{"op":"unknown"}"#.to_string(),
        };
        println!("{answer}");
        io::stdout().flush().unwrap();
    }
}
