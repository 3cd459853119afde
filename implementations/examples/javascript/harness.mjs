// A harness in JavaScript: a small server reactor and the codec of 0006; with --codec the codec of every revision.
//   hgframing check "exec:node implementations/examples/javascript/harness.mjs"
// Copy it: `main` and `Values` are what any harness needs, the rest stands for the implementation.
import { createInterface } from "node:readline";
// -- Values: octets are {"hex": …}, maps {"map": [[key, value], …]}; everything else is JSON.
const bytes = (form) => Buffer.from(typeof form === "string" ? form : form.hex, "hex");
const toForm = (value) =>
  Buffer.isBuffer(value) ? { hex: value.toString("hex") }
  : value instanceof Map ? { map: [...value].map(([key, item]) => [toForm(key), toForm(item)]) }
  : value instanceof Set ? { set: [...value].map(toForm) }
  : Array.isArray(value) ? value.map(toForm)
  : typeof value === "bigint" ? { int: String(value) }
  : value;
// -- The codec: header fields between the length and the last octet, by revision.
const FIELDS = { "0001": {}, "0002": { request: 2 }, other: { request: 2, stream: 1, "stream-flags": 1 } };
const MAX_PAYLOAD = 65535;
class PeerError extends Error { constructor(code, message) { super(message); this.code = code; } }
class Codec {
  constructor(revision) { this.fields = FIELDS[revision] ?? FIELDS.other; this.held = Buffer.alloc(0); }
  get size() { return 4 + Object.values(this.fields).reduce((sum, width) => sum + width, 0); }
  *frames(chunk) {
    this.held = Buffer.concat([this.held, chunk]);
    while (this.held.length >= this.size) {
      const length = this.held.readUIntLE(0, 3);
      if (length > MAX_PAYLOAD) throw new PeerError("payload-too-large", `payload of ${length} octets`);
      if (this.held.length < this.size + length) return;
      const frame = { type: this.held[this.size - 1] >> 4, flags: this.held[this.size - 1] & 15 };
      let at = 3;
      for (const [field, width] of Object.entries(this.fields)) at += (frame[field] = this.held.readUIntLE(at, width), width);
      frame.payload = this.held.subarray(this.size, this.size + length);
      this.held = this.held.subarray(this.size + length);
      yield frame;
    }
  }
  encode(frame) {
    const header = Buffer.alloc(this.size);
    header.writeUIntLE(frame.payload.length, 0, 3); // throws RangeError above 24 bits
    let at = 3;
    for (const [field, width] of Object.entries(this.fields)) at = header.writeUIntLE(frame[field], at, width);
    if (frame.type > 15 || frame.flags > 15) throw new RangeError("type and flags have four bits");
    header[at] = (frame.type << 4) | frame.flags;
    return Buffer.concat([header, frame.payload]);
  }
  end() { if (this.held.length) throw new PeerError("truncated-frame", "input ended inside a frame"); }
}
// -- CBOR, the subset of 0006.
function decodeOne(octets) {
  let at = 0;
  const fail = (why) => { throw new PeerError("bad-cbor", why); };
  const take = (count) => (at + count > octets.length ? fail("cut off") : octets.subarray(at, (at += count)));
  const value = (depth) => {
    if (depth > 32) fail("too deep");
    const [first] = take(1);
    const [major, info] = [first >> 5, first & 31];
    if (info > 27 || (major === 7 && info > 22)) fail("indefinite length or reserved");
    const argument = info < 24 ? BigInt(info) : take(2 ** (info - 24)).reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
    const number = major === 1 ? -1n - argument : argument;
    if (major < 2) return BigInt.asIntN(54, number) === number ? Number(number) : number;
    if (major === 2) return Buffer.from(take(Number(argument)));
    if (major === 4) return Array.from({ length: Math.min(Number(argument), octets.length + 1) }, () => value(depth + 1));
    if (major === 5) return map(Number(argument), depth);
    if (major === 6 && argument === 258n) return set(value(depth + 1));
    return major === 7 && info >= 20 ? [false, true, null][info - 20] : fail(`major type ${major}`);
  };
  const scalar = (item) => Buffer.isBuffer(item) || typeof item !== "object" || item === null;
  const set = (items) => (Array.isArray(items) && items.every(scalar) ? new Set(items) : fail("not a set"));
  const map = (count, depth) => {
    const [pairs, seen] = [new Map(), new Set()];
    for (let index = 0; index < count; index += 1) {
      const key = value(depth + 1);
      const name = Buffer.isBuffer(key) ? `h${key.toString("hex")}` : String(key);
      if (!scalar(key) || seen.has(name)) fail("bad or repeated key");
      seen.add(name);
      pairs.set(key, value(depth + 1));
    }
    return pairs;
  };
  const decoded = value(0);
  return at === octets.length ? decoded : fail("octets after the value");
}
const areNames = (list) => list === undefined || (Array.isArray(list) && list.every(Buffer.isBuffer));
const field = (map, name) => [...map].find(([key]) => Buffer.isBuffer(key) && key.toString() === name)?.[1];
// -- The server reactor: what it has received of each request, and which IDs are busy.
const TYPES = { request: 1, data: 2, settings: 8, stream: 9 };
class Server {
  constructor() { [this.open, this.active, this.requests, this.pieces, this.state] = [new Set(), new Set(), new Map(), new Map(), "initial"]; }
  receive(frame) {
    if (this.state === "errored") throw new PeerError("already-errored", "server already errored");
    this.enterStream(frame);
    if (this.state === "settings" || (this.state === "initial" && frame.type === TYPES.settings)) return this.settings(frame);
    if (frame.type === TYPES.stream || this.pieces.has(frame.stream)) return this.streamSettings(frame);
    if (frame.type === TYPES.request) return this.request(frame);
    if (frame.type === TYPES.data && this.requests.has(frame.request)) return this.data(frame);
    throw new PeerError("unexpected-frame", `unexpected frame type ${frame.type}`);
  }
  enterStream({ stream, "stream-flags": flags }) {
    if (stream % 2 === 0) throw new PeerError("bad-stream-parity", `even stream ${stream}`);
    if (flags & ~7) throw new PeerError("bad-flags", "undefined stream flags"); // encoded: identity changes nothing
    if (!this.open.has(stream) && !(flags & 1)) throw new PeerError("stream-not-open", `stream ${stream} is closed`);
    if (flags & 2) this.open.delete(stream); else this.open.add(stream);
  }
  settings(frame) {
    if (frame.type !== TYPES.settings) throw new PeerError("unexpected-frame", "expected sender settings");
    if (![1, 2].includes(frame.flags)) throw new PeerError("bad-flags", "settings continue or end");
    this.octets = Buffer.concat([this.octets ?? Buffer.alloc(0), frame.payload]);
    this.state = frame.flags === 1 ? "settings" : "open";
    const map = frame.flags === 1 ? new Map() : decodeOne(this.octets);
    if (!areNames(map instanceof Map ? field(map, "contentencodings") : null)) throw new PeerError("bad-payload", "bad settings");
    return { "want-frame": {} };
  }
  streamSettings({ stream, type, flags, payload, "stream-flags": streamFlags }) {
    const begun = this.pieces.get(stream);
    if (type !== TYPES.stream || (!begun && !(streamFlags & 1))) throw new PeerError("unexpected-frame", "settings begin their stream");
    if (![1, 2].includes(flags)) throw new PeerError("bad-flags", "settings continue or end");
    const octets = Buffer.concat([begun ?? Buffer.alloc(0), payload]);
    this.pieces[flags === 1 ? "set" : "delete"](stream, octets);
    this.state = "open";
    if (flags === 1) return { "want-frame": {} };
    const name = decodeOne(octets);
    if (!Buffer.isBuffer(name)) throw new PeerError("bad-payload", "a profile has a name");
    if (name.toString() !== "identity") throw new PeerError("unsupported-encoding", "identity only");
    return { noop: {} };
  }
  request(frame) {
    const { request: id, flags, payload } = frame;
    const [isNew, more, hasData] = [Boolean(flags & 1), Boolean(flags & 4), Boolean(flags & 8)];
    if (isNew === Boolean(flags & 2)) throw new PeerError("bad-flags", "exactly one of new and continuation");
    const known = this.requests.get(id);
    if (isNew) {
      if (known || this.active.has(id)) throw new PeerError("bad-request-state", `request ${id} is busy`);
      if (id % 2 === 0) throw new PeerError("bad-request-parity", `even request ${id}`);
      this.requests.set(id, { octets: payload, hasData, data: null });
    } else {
      if (!known) throw new PeerError("bad-request-state", `request ${id} was not begun`);
      if (known.command || known.hasData !== hasData) throw new PeerError(known.command ? "unexpected-frame" : "bad-flags", "it does not go on so");
      known.octets = Buffer.concat([known.octets, payload]);
    }
    this.state = "open";
    if (more) return { "want-frame": {} };
    this.requests.get(id).command = this.command(this.requests.get(id).octets);
    return hasData ? { "want-frame": {} } : this.run(id);
  }
  command(octets) {
    const map = decodeOne(octets);
    if (!(map instanceof Map)) throw new PeerError("bad-payload", "a request is a map");
    const [name, args, redirect] = ["name", "args", "redirect"].map((key) => field(map, key));
    const isMap = (value) => value === undefined || (value instanceof Map && [...value.keys()].every(Buffer.isBuffer));
    const lists = redirect instanceof Map ? ["targets", "hashes"].map((key) => field(redirect, key)) : [];
    if (!Buffer.isBuffer(name) || !isMap(args) || !isMap(redirect) || !lists.every(areNames))
      throw new PeerError("bad-payload", "wrong fields");
    return { command: name, args: args ?? new Map(), redirect: redirect ?? null };
  }
  data({ request: id, flags, payload }) {
    const one = this.requests.get(id);
    if (!one.command) throw new PeerError("unexpected-frame", "data before the request is whole");
    if (![1, 2].includes(flags)) throw new PeerError("bad-flags", "data continues or ends");
    one.data = Buffer.concat([one.data ?? Buffer.alloc(0), payload]);
    return flags === 1 ? { "want-frame": {} } : this.run(id);
  }
  run(id) {
    const { command, data } = this.requests.get(id);
    this.requests.delete(id), this.active.add(id);
    const parts = Object.entries({ ...command, data }).map(([name, value]) => [name, toForm(value)]);
    return { "run-command": { request: id, ...Object.fromEntries(parts) } };
  }
}
// -- main: one message a line.
function runCase({ revision, layer, steps }) {
  const codec = new Codec(revision);
  const server = layer === "server" ? new Server() : null;
  const act = (frame) => (server ? server.receive(frame) : { frame: { ...frame, payload: toForm(frame.payload) } });
  const verbs = {
    receive: (chunks, actions) => { for (const chunk of chunks) for (const frame of codec.frames(bytes(chunk))) actions.push(act(frame)); },
    "end-input": () => codec.end(),
    encode: (frame, actions) => actions.push({ octets: toForm(codec.encode({ ...frame, payload: bytes(frame.payload) })) }),
  };
  return steps.map((step) => {
    const [[[verb, value]], actions] = [Object.entries(step), []];
    try { verbs[verb](value, actions); } catch (error) {
      if (error instanceof PeerError) actions.push({ error: { code: error.code, message: error.message } });
      else if (error instanceof RangeError) actions.push({ refused: { message: error.message } });
      else throw error;
      if (server && error instanceof PeerError) server.state = "errored";
    }
    return actions;
  });
}
const HELLO = {
  op: "hello", protocol: 1, name: "example-javascript", version: "1", language: "javascript",
  ...(process.argv.includes("--codec")
    ? { revisions: ["0001", "0002", "0002-streams", "0005-draft", "0005", "0006"], layers: ["codec"] }
    : { revisions: ["0006"], layers: ["codec", "server"] }),
  capabilities: { "error-codes": true, steps: ["receive", "end-input", "encode"] },
};
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.op === "bye") break;
  const answers = { hello: () => HELLO, case: () => ({ op: "result", seq: message.seq, steps: runCase(message) }) };
  console.log(JSON.stringify((answers[message.op] ?? (() => ({ op: "unknown" })))()));
}
