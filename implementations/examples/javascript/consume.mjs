// Checks a codec by the exported vectors, without the runner: node consume.mjs vectors.json
// Everything above `codec` is what any consumer needs; `codec` stands for the implementation.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const hex = (form) =>
  typeof form === "string" ? form : form.hex ?? form.repeat.map((part) => part.hex.repeat(part.times)).join("");
const isSignificant = (action) => !("want-frame" in action || "noop" in action);
const plain = (form) =>
  Array.isArray(form) ? form.map(plain)
  : form === null || typeof form !== "object" ? form
  : "repeat" in form ? { hex: hex(form) }
  : Object.fromEntries(Object.entries(form).map(([key, value]) => [key, plain(value)]));
const matches = (expected, observed) =>
  expected.length === observed.length &&
  expected.every((wanted, index) => {
    const [kind] = Object.keys(wanted);
    if (!(kind in observed[index])) return false;
    return kind === "error" || isDeepStrictEqual(plain(wanted[kind]), observed[index][kind]);
  });

const ids = { "0001": [], "0002": ["request"] }; // the fields between the length and the last octet
const sizes = { request: 2, stream: 1, "stream-flags": 1 };
function codec(revision, maxPayload) {
  const fields = ids[revision] ?? Object.keys(sizes);
  let held = Buffer.alloc(0);
  return {
    receive(frames) {
      held = Buffer.concat([held, ...frames.map((frame) => Buffer.from(hex(frame), "hex"))]);
      const actions = [];
      const size = 4 + fields.reduce((sum, field) => sum + sizes[field], 0);
      while (held.length >= size) {
        const length = held.readUIntLE(0, 3);
        if (length > maxPayload) return [...actions, { error: {} }];
        if (held.length < size + length) break;
        const frame = { type: held[size - 1] >> 4, flags: held[size - 1] & 15 };
        let at = 3;
        for (const field of fields) at += ((frame[field] = held.readUIntLE(at, sizes[field])), sizes[field]);
        actions.push({ frame: { ...frame, payload: { hex: held.toString("hex", size, size + length) } } });
        held = held.subarray(size + length);
      }
      return actions;
    },
    "end-input": () => (held.length ? [{ error: {} }] : []),
  };
}

const { suites } = JSON.parse(readFileSync(process.argv[2]));
let passed = 0, failed = 0, skipped = 0;
for (const one of suites.filter((suite) => suite.layer === "codec").flatMap((suite) => suite.cases)) {
  const implementation = codec(one.revision, one.setup.limits?.["max-payload"] ?? 65535);
  if (one.steps.some((step) => !(step.verb in implementation))) { skipped += 1; continue; }
  const wrong = one.steps.find((step) => {
    const observed = implementation[step.verb](step.value).filter(isSignificant);
    const { alternatives, never } = step.expectation;
    if (never.some((kind) => observed.some((action) => kind in action))) return true;
    return alternatives && !alternatives.some((wanted) => matches(wanted.filter(isSignificant), observed));
  });
  if (wrong) console.log(`${one.id}@${one.revision} failed at line ${wrong.line}: ${one.title}`);
  wrong ? (failed += 1) : (passed += 1);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed ? 1 : 0);
