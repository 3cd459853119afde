"""Harness protocol 1 (docs/harness-protocol.md) around Mercurial's own `mercurial.wireprotoframing`.

It needs Mercurial 4.6 to 6.0 and the standard library, and runs on Python 2.7 and 3; README.md says which pairs are known
to work and why the mapping is what it is. To read it as an example for your own:

* `main` reads a message a line and answers a message a line;
* `Codec`, `Server` and `Client` are the layers: a fresh object per case, a method per verb, each returns actions;
* where releases differ, the installed code is asked what it has, never which version it is;
* nothing here knows what any case expects.

Blame is kept apart: `Layer.read` reports what the peer's octets cause (`error` is Mercurial's answer, `raised` an exception
that escapes it); `local` and `take` report what a local wish causes (`refused` is Mercurial declining). A mistake of the
harness itself is not caught: it dies with a traceback.
"""

import binascii
import io
import json
import numbers
import os
import sys

os.environ["HGPLAIN"] = "1"  # messages as the source has them, whatever the locale says

from mercurial import error, ui, util, wireprotoframing as framing, wireprototypes, wireprotov2server

try:
    from mercurial.thirdparty.cbor.cbor2 import CBORTag as Tag
except ImportError:  # a Mercurial without tags: let it decline something
    Tag = type("Tag", (object,), {"__init__": lambda self, tag, value: None})

TEXT = type(u"")
MEMORY_LIMIT, LARGEST = 2 << 30, 1 << 24  # octets of this process, and of one frame that the other side is told
REFUSALS = (error.ProgrammingError, error.Abort, ValueError, AssertionError)  # how Mercurial tells its caller off
VERBS = ["receive", "end-input", "encode", "respond", "fail", "text-output", "sent", "call", "flush", "request-state"]
HEADER, END = ["request", "stream", "stream-flags", "type", "flags"], framing.FLAG_COMMAND_RESPONSE_EOS
LAST_FRAMES = [(framing.FRAME_TYPE_COMMAND_RESPONSE, END), (framing.FRAME_TYPE_ERROR_RESPONSE, 0)]
OFFERS_ENCODINGS = "clientcontentencoders" in framing.clientreactor.__init__.__code__.co_varnames
FIRST_ARGUMENTS = [ui.ui()] if "ui" in framing.serverreactor.__init__.__code__.co_varnames else []


# -- values: JSON on the wire, Python in Mercurial -------------------------------------------------------------
def from_hex(digits):
    return binascii.unhexlify(digits.encode("ascii"))

def to_hex(octets):
    return binascii.hexlify(octets).decode("ascii")

def parsed(form, sequence=list):
    """A value in canonical form, as Mercurial wants it; lists become tuples where a dict or a set has to hold them."""
    if isinstance(form, list):
        return sequence(parsed(item, sequence) for item in form)
    if not isinstance(form, dict):
        return form
    ((kind, content),) = form.items()
    return KINDS[kind](content)

KINDS = {
    "hex": from_hex,
    "text": TEXT,
    "int": int,
    "float": float,
    "map": lambda pairs: dict((parsed(key, tuple), parsed(item)) for key, item in pairs),
    "set": lambda items: set(parsed(item, tuple) for item in items),
    "tag": lambda pair: Tag(pair[0], parsed(pair[1])),
}

def shown(value, levels=90, budget=None):
    """A value that Mercurial gave, in canonical form.

    A peer can have it decode values of any depth, and the 0005 releases values that contain themselves: what is nested
    deeper than readers of JSON stand (levels of JSON are counted), or very large, becomes a text that says so.
    """
    budget = [1 << 17] if budget is None else budget
    budget[0] -= 1
    if levels < 0 or budget[0] < 0:
        return {"text": u"(deeper or larger than this harness shows)"}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value) if abs(value) <= 1 << 53 else {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, (bytes, bytearray)):
        return {"hex": to_hex(value)}
    if isinstance(value, TEXT):
        return {"text": value}
    if isinstance(value, (list, tuple)):
        return [shown(item, levels - 1, budget) for item in value]
    if isinstance(value, (set, frozenset)):
        return {"set": [shown(item, levels - 2, budget) for item in value]}
    if isinstance(value, dict):
        return {"map": [[shown(part, levels - 3, budget) for part in pair] for pair in value.items()]}
    if isinstance(value, Tag):
        return {"tag": [value.tag, shown(value.value, levels - 2, budget)]}
    return {"text": text(repr(value))}  # the 0005 releases decode dates, decimals and patterns; the format has none

def text(thing):
    """A message for people, whatever type this release has for messages."""
    if isinstance(thing, Exception):
        return text(thing.args[0] if len(thing.args) == 1 and isinstance(thing.args[0], (bytes, TEXT)) else str(thing))
    if isinstance(thing, (bytes, bytearray)):
        return bytes(thing).decode("latin-1")
    return thing if isinstance(thing, TEXT) else text(repr(thing))


# -- actions -----------------------------------------------------------------------------------------------
def raised(exception):
    module = type(exception).__module__.rpartition(".")[2]
    prefix = "" if module in ("builtins", "exceptions") else module + "."
    return {"raised": {"type": prefix + type(exception).__name__, "message": text(exception)}}

def refused(reason):
    return {"refused": {"message": text(reason)}}

def local(function, *arguments, **keywords):
    """Ask Mercurial something for the local user: (its answer, no actions) or (None, the actions that say why not)."""
    try:
        return function(*arguments, **keywords), []
    except Exception as exception:
        return None, [refused(exception) if isinstance(exception, REFUSALS) else raised(exception)]

def take(frames, resume=True):
    """Take the frames of a generator, which is how Mercurial learns that they are sent.

    Where `resume` is false, the generator is left at the last frame of its response: the caller has them all, Mercurial
    does not know yet that they have left. An exception after a frame is no refusal any more: that frame is out.
    """
    sent, trouble = [], []
    try:
        for octets in frames:
            sent.append(to_hex(octets))
            header = framing.parseheader(octets)
            if not resume and (header.typeid, header.flags & END) in LAST_FRAMES:
                break
    except Exception as exception:
        trouble = [refused(exception) if isinstance(exception, REFUSALS) and not sent else raised(exception)]
    return ([{"send-frames": sent}] if sent or not trouble else []) + trouble

def translated(action, meta):
    """The actions of the harness protocol for one answer of a reactor."""
    if action == b"sendframes":
        return take(meta[b"framegen"])
    if action == b"error":
        if b"request" not in meta:
            return [{"error": {"message": text(meta[b"message"])}}]
        request, kind, atoms = meta[b"request"].requestid, text(meta[b"type"]), shown(meta[b"message"])
        return [{"error-response": {"request": request, "type": kind, "atoms": atoms}}]
    if action == b"runcommand":
        fields = dict((name, shown(meta.get(name.encode("ascii")))) for name in ("command", "args", "data", "redirect"))
        return [{"run-command": dict(fields, request=meta[b"requestid"])}]
    if action == b"responsedata":
        request, data, eos = meta[b"request"].requestid, meta[b"data"], bool(meta[b"eos"])
        if len(data) > LARGEST:
            return [{"raised": {"type": "MemoryError", "message": "one frame became %d octets" % len(data)}}]
        return [{"response-data": {"request": request, "data": shown(data), "eos": eos}}]
    return [{{b"noop": "noop", b"wantframe": "want-frame"}[action]: {}}]


# -- layers --------------------------------------------------------------------------------------------------
class Wait(Exception):
    """The peer has not sent enough for the read that was asked for."""

class Wire(object):
    """What has arrived, as the blocking file that Mercurial's reader takes.

    A read that would block abandons the frame; it is read again from its first octet when more has arrived. Where a frame
    begins and ends is thereby Mercurial's own arithmetic, for the codec and for the reactors.
    """

    def __init__(self):
        self.octets, self.position, self.ended = b"", 0, False

    def read(self, size):
        end = self.position + size
        if end > len(self.octets) and not self.ended:
            raise Wait
        piece = self.octets[self.position : end]
        self.position += len(piece)
        return piece

    def readinto(self, buffer):
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def frame(self):
        """The next frame that is whole, or None."""
        start = self.position
        try:
            return framing.readframe(self)
        except Wait:
            self.position = start
            return None

def given(values, failure):
    """The iterator of a command that gives values and may fail."""
    for value in values:
        yield value
    if failure is not None:
        raise failure

class Layer(object):
    """What all layers share: octets become frames, frames become actions."""

    def __init__(self, setup):
        self.wire = Wire()

    def receive(self, pieces):
        self.wire.octets = self.wire.octets[self.wire.position :] + b"".join(from_hex(piece) for piece in pieces)
        self.wire.position = 0
        return self.read()

    def end_input(self, _):
        self.wire.ended = True
        return self.read() or self.on_end()  # a reader that meets half a frame does not come to tell its reactor

    def read(self):
        """Hand over every whole frame, those after a fault too: what a reactor does then is worth seeing."""
        actions = []
        while True:
            try:
                frame = self.wire.frame()
            except error.Abort as exception:  # the reader's way of saying that the peer broke the protocol
                return actions + [{"error": {"message": text(exception)}}]
            if frame is None:
                return actions
            actions += self.on_frame(frame)

    def on_frame(self, frame):
        try:
            answer = self.reactor.onframerecv(frame)
        except Exception as exception:
            return [raised(exception)]
        return translated(*answer)

    def on_end(self):
        return []  # only the server's reactor can be told

class Codec(Layer):
    """The reader and the frame builder alone."""

    def on_frame(self, frame):
        header = (frame.requestid, frame.streamid, frame.streamflags, frame.typeid, frame.flags)
        return [{"frame": dict(zip(HEADER, header), payload=shown(frame.payload))}]

    def encode(self, frame):
        try:
            octets = framing.makeframe(*[frame[name] for name in HEADER] + [parsed(frame["payload"])])
        except Exception as exception:  # building a frame changes nothing: every exception of it declines it
            return [refused(exception)]
        return [{"octets": {"hex": to_hex(octets)}}]

class Server(Layer):
    def __init__(self, setup):
        super(Server, self).__init__(setup)
        self.deferred = setup.get("defer-output", False)
        self.reactor = framing.serverreactor(*FIRST_ARGUMENTS, deferoutput=self.deferred)
        self.streams, self.unsent = {}, {}

    def on_end(self):
        return translated(*self.reactor.oninputeof())

    def stream(self, number):
        """The output stream of that ID: the reactor hands out the even ones in order, misuse may ask for others."""
        while number not in self.streams:
            if number % 2 or number < 2:
                return getattr(framing, "outputstream", framing.stream)(number)
            made = self.reactor.makeoutputstream()
            self.streams[made.streamid] = made
        return self.streams[number]

    def answer(self, step, event, *arguments):
        """Signal an event that answers a request. `last` has no counterpart: Mercurial never closes a stream."""
        if not hasattr(self.reactor, event):
            return [refused("this Mercurial has no " + event)]
        stream, trouble = local(self.stream, step.get("stream", 2))
        if trouble:
            return trouble
        answer, trouble = local(getattr(self.reactor, event), stream, step["request"], *arguments)
        if trouble or not step.get("unsent", False):
            return trouble or translated(*answer)
        # Deferred output leaves at the end of input, after which nobody asks what is sent.
        self.unsent[step["request"]] = frames = answer[1].get(b"framegen", iter(()))
        return take(frames, resume=False) if answer[0] == b"sendframes" else translated(*answer)

    def respond(self, step):
        if "data" in step:
            return self.answer(step, "oncommandresponseready", parsed(step["data"]))
        if "redirect" in step:
            if not hasattr(wireprototypes, "alternatelocationresponse"):
                return [refused("this Mercurial knows no redirects")]
            fields = dict((str(key), parsed(item)) for key, item in step["redirect"].items())
            try:
                location = wireprototypes.alternatelocationresponse(**fields)
            except TypeError as exception:  # what has to be there is not
                return [refused(exception)]
            return self.give(step, [location])
        return self.give(step, parsed(step["objects"]))

    def give(self, step, values, failure=None):
        """Answer with what a command gives, until it fails."""
        if hasattr(self.reactor, "oncommandresponsereadyobjects"):
            return self.answer(step, "oncommandresponsereadyobjects", given(values, failure))
        encoded = (framing.cbor.dumps(value, canonical=True) for value in given(values, failure))
        return self.answer(step, "oncommandresponsereadygen", encoded)

    def fail(self, step):
        kind, message, arguments = step["kind"], parsed(step["message"]), parsed(step.get("args", []))
        if kind != "command" and not all(isinstance(part, bytes) for part in [message] + arguments):
            return [refused("a message is octets")]
        for argument in arguments if kind != "command" else []:  # only command errors keep them apart
            message = message.replace(b"%s", argument, 1)
        if step.get("after") and kind in ("command", "server"):
            failure = error.Abort(message)
            if kind == "command" and hasattr(error, "WireprotoCommandError"):
                failure = error.WireprotoCommandError(message, arguments)
            return self.give(step, parsed(step["after"]), failure)
        details = [message, arguments] if kind == "command" else [message]
        return self.answer(step, "on%serror" % kind, *details)

    def text_output(self, step):
        """Text output has a frame builder but no event: nothing could hold it back until the end of input."""
        if self.deferred:
            return [refused("this Mercurial cannot defer text output")]
        atoms = [[parsed(atom.get(part, [])) for part in ("msg", "args", "labels")] for atom in step["atoms"]]
        stream, trouble = local(self.stream, step.get("stream", 2))
        return trouble or take(framing.createtextoutputframe(stream, step["request"], atoms))

    def sent(self, step):
        if step["request"] not in self.unsent:
            return [refused("nothing was handed over for this request")]
        return [action for action in take(self.unsent.pop(step["request"])) if action != {"send-frames": []}]

class Client(Layer):
    def __init__(self, setup):
        super(Client, self).__init__(setup)
        options = dict(buffersends=setup.get("buffer-sends", True), hasmultiplesend=setup.get("multiple-sends", False))
        if "content-encodings" in setup:
            options["clientcontentencoders"] = [name.encode("ascii") for name in setup["content-encodings"]]
        self.reactor = framing.clientreactor(*FIRST_ARGUMENTS, **options)
        self.requests = {}

    def call(self, step):
        options = {}
        if step.get("data") is not None:
            options["datafh"] = io.BytesIO(parsed(step["data"]))
        if step.get("redirect") is not None:
            options["redirect"] = parsed(step["redirect"])
        arguments = parsed(step.get("args", {"map": []}))
        answer, trouble = local(self.reactor.callcommand, parsed(step["command"]), arguments, **options)
        if trouble:
            return trouble
        self.requests[answer[0].requestid] = answer[0]
        return translated(*answer[1:])

    def flush(self, _):
        answer, trouble = local(self.reactor.flushcommands)
        return trouble or translated(*answer)

    def request_state(self, step):
        if step["request"] not in self.requests:
            return [refused("no such request")]
        return [{"request-state": {"request": step["request"], "state": text(self.requests[step["request"]].state)}}]

LAYERS = {"codec": Codec, "server": Server, "client": Client}


# -- messages ------------------------------------------------------------------------------------------------
def hello(message):
    setup = ["defer-output", "buffer-sends", "multiple-sends"] + ["content-encodings"] * OFFERS_ENCODINGS
    getattr(framing, "populatestreamencoders", list)()
    encodings = sorted(text(name) for name in getattr(framing, "STREAM_ENCODERS", [b"identity"]))
    capabilities = {"chunking": False, "request-states": True, "encodings": encodings, "steps": VERBS, "setup": setup}
    names = {"name": "Mercurial", "version": text(util.version()), "language": "python %d.%d" % sys.version_info[:2]}
    revision = text(wireprotov2server.FRAMINGTYPE).rpartition("-")[2]  # what the release says on the wire
    return dict(names, op="hello", protocol=1, revisions=[revision], layers=sorted(LAYERS), capabilities=capabilities)

def result(message):
    layer = LAYERS[message["layer"]](message.get("setup", {}))
    steps = [pair for step in message["steps"] for pair in step.items()]
    answers = [getattr(layer, verb.replace("-", "_"))(value) for verb, value in steps]
    return {"op": "result", "seq": message["seq"], "steps": answers}

class InProcess(object):
    """What `direct:harness:InProcess` names: the same answers as Python calls, for `hgframing strength`."""
    def exchange(self, message):
        return {"hello": hello, "case": result}.get(message["op"], lambda _: {"op": "unknown"})(message)

def limit_memory():
    """A peer may declare any length, and Mercurial may ask for that much: let it fail here instead of in the machine."""
    try:
        import resource
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT if hard < 0 else min(hard, MEMORY_LIMIT), hard))
    except (ImportError, ValueError):
        sys.stderr.write("this platform sets no memory limit\n")

def main():
    limit_memory()
    lines = io.open(sys.stdin.fileno(), "rb", 1 << 20, closefd=False)  # the lines of Python 2's own stdin are slow
    for line in iter(lines.readline, b""):
        message = json.loads(line)
        if message["op"] == "bye":
            return
        sys.stdout.write(json.dumps(InProcess().exchange(message)) + "\n")
        sys.stdout.flush()

if __name__ == "__main__":
    main()
