"""A zoo of harnesses: `python animals.py KIND [FILE]`.

Every animal is a decoder of 8-octet frame headers that is right but for its one vice. Most vices wait for a frame with
the payload `bite`. Nothing of the package is imported: a harness needs a JSON library and nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from collections.abc import Callable
from pathlib import Path
from typing import Any


Message = dict[str, Any]

BITE = b"bite".hex()
#: Markup for everything that a report may be written in.
EVIL = (
    "</script></style></svg></pre><script>window.evil = 1</script>"
    "<img src=x onerror=evil()>\"'><!--]]>\x1b[2J\x00{{7*7}}"
)
HELLO: Message = {
    "op": "hello",
    "protocol": 1,
    "name": "animal",
    "version": "1",
    "language": "python",
    "revisions": ["0006"],
    "layers": ["codec"],
}


def say(message: object) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def decode(message: Message) -> list[list[Message]]:
    """Decode what a case receives, as it should be done."""
    buffer = bytearray()
    answer = []
    for step in message["steps"]:
        actions: list[Message] = []
        for chunk in step.get("receive") or []:
            buffer += bytes.fromhex(chunk)
            while len(buffer) >= 8 and len(buffer) >= 8 + int.from_bytes(buffer[:3], "little"):
                size = int.from_bytes(buffer[:3], "little")
                actions.append(
                    {
                        "frame": {
                            "request": int.from_bytes(buffer[3:5], "little"),
                            "stream": buffer[5],
                            "stream-flags": buffer[6],
                            "type": buffer[7] >> 4,
                            "flags": buffer[7] & 15,
                            "payload": {"hex": buffer[8 : 8 + size].hex()},
                        }
                    }
                )
                del buffer[: 8 + size]
        answer.append(actions)
    return answer


def result(message: Message, steps: object) -> Message:
    """Make the answer to a case."""
    return {"op": "result", "seq": message["seq"], "steps": steps}


def bites(message: Message) -> bool:
    """Tell whether a case provokes the vice."""
    return BITE in "".join(chunk for step in message["steps"] for chunk in step.get("receive") or [])


def honest(message: Message) -> None:
    """Answer right."""
    say(result(message, decode(message)))


def crash(_message: Message) -> None:
    """Exit with a status, after a last word."""
    sys.stderr.write("about to die\n")
    sys.stderr.flush()
    os._exit(3)


def abort(_message: Message) -> None:
    """Die of a signal."""
    os.abort()


def hang(_message: Message) -> None:
    """Answer nothing, for ever."""
    time.sleep(1000)


def wrong(message: Message) -> None:
    """Answer something that is not so."""
    steps = decode(message)
    steps[-1][-1]["frame"]["payload"] = {"hex": "00"}
    say(result(message, steps))


def garbage(message: Message) -> None:
    """Print a stray line, then the right answer."""
    sys.stdout.write("DEBUG: \x1b[31mgot a case\n")
    honest(message)


def twice(message: Message) -> None:
    """Answer twice."""
    honest(message)
    honest(message)


def lost(message: Message) -> None:
    """Answer another case than the one that was asked."""
    say(result({"seq": message["seq"] + 1000}, decode(message)))


def unlisted(message: Message) -> None:
    """Answer with an action that does not exist."""
    say(result(message, [[{"explode": {}}] for _ in message["steps"]]))


def mistyped(message: Message) -> None:
    """Answer with a frame whose request is a string."""
    steps = decode(message)
    steps[-1][-1]["frame"]["request"] = "1"
    say(result(message, steps))


def short(message: Message) -> None:
    """Answer fewer steps than there were."""
    say(result(message, decode(message)[:-1]))


def deep(message: Message) -> None:
    """Answer with a value that is nested deeper than any stack."""
    sys.stdout.write(f'{{"op":"result","seq":{message["seq"]},"steps":{"[" * 100_000}{"]" * 100_000}}}\n')
    sys.stdout.flush()


def raises(message: Message) -> None:
    """Report an exception of the implementation."""
    say(result(message, [[{"raised": {"type": "KeyError", "message": "4"}}] for _ in message["steps"]]))


def torn(message: Message) -> None:
    """Die in the middle of a line."""
    sys.stdout.write(json.dumps(result(message, []))[:12])
    sys.stdout.flush()
    os._exit(0)


def closed(_message: Message) -> None:
    """Close the standard output and live on."""
    os.close(1)
    time.sleep(1000)


def forks(_message: Message) -> None:
    """Die, and leave a child behind that keeps the pipes open."""
    subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(1000)"])
    os._exit(4)


def floods(message: Message) -> None:
    """Write a megabyte of complaints, more than any pipe holds."""
    for number in range(16):
        sys.stderr.write(f"{number:04}" * 16384)
    sys.stderr.write("the end\n")
    sys.stderr.flush()
    honest(message)


def hostile(message: Message) -> None:
    """Answer in words that are markup, and write more of them to standard error."""
    sys.stderr.write(f"last words {EVIL}\n")
    sys.stderr.flush()
    raised = {"raised": {"type": EVIL, "message": EVIL}}
    run = {"frame": decode(message)[0][0]["frame"] | {"payload": {"hex": EVIL.encode().hex()}}}
    say(result(message, [[raised, run] for _ in message["steps"]]))


def huge(message: Message) -> None:
    """Answer with more actions than anybody wants to read."""
    say(result(message, [[{"noop": {}}] * 20_000 + actions * 20_000 for actions in decode(message)]))


def endless(_message: Message) -> None:
    """Write a line that does not end."""
    while True:
        sys.stdout.write("x" * 1_000_000)


def out_of_order(message: Message) -> None:
    """Answer the case before once more, and this one after it."""
    say(result({"seq": max(message["seq"] - 1, 0)}, decode(message)))
    honest(message)


def third(message: Message) -> None:
    """Die at the third step."""
    if len(message["steps"]) >= 3:
        os._exit(6)
    honest(message)


def once(message: Message) -> None:
    """Die the first time only."""
    mark = Path(sys.argv[2])
    if mark.exists():
        honest(message)
        return
    mark.touch()
    os._exit(3)


VICES: dict[str, Callable[[Message], None]] = {
    function.__name__: function
    for function in (
        honest,
        crash,
        abort,
        hang,
        wrong,
        garbage,
        twice,
        lost,
        unlisted,
        mistyped,
        short,
        deep,
        raises,
        torn,
        closed,
        forks,
        floods,
        once,
        hostile,
        huge,
        endless,
        out_of_order,
        third,
    )
}


def chunk_shy(message: Message) -> None:
    """Lose what comes octet by octet."""
    steps = decode(message)
    if any(len(chunk) == 2 for step in message["steps"] for chunk in step.get("receive") or []):
        steps = [[] for _ in steps]
    say(result(message, steps))


def forgetful(message: Message) -> None:
    """Remember the octets of earlier cases."""
    LEFT.append(b"")
    if len(LEFT) < 3:
        honest(message)
    else:
        say(result(message, [[] for _ in message["steps"]]))


#: What is kept from case to case where nothing should be.
LEFT: list[bytes] = []

#: What is said in place of the right hello.
HELLOS: dict[str, Message] = {
    "hostile": HELLO | {"name": f"n{EVIL}", "version": f"v{EVIL}", "language": f"l{EVIL}"},
    "future": HELLO | {"protocol": 2},
    "nameless": {key: value for key, value in HELLO.items() if key != "name"},
    "boaster": HELLO
    | {
        "layers": ["codec", "server", "client", "http"],
        "revisions": ["0001", "0002", "0002-streams", "0005-draft", "0005", "0006"],
        "capabilities": {"error-codes": True, "request-states": True, "encodings": ["identity", "zlib"]},
    },
    "rigid": HELLO | {"capabilities": {"chunking": False}},
}


def greet(kind: str) -> None:
    """Answer hello, or do what this animal does instead."""
    match kind:
        case "quits":
            sys.stderr.write("cannot find my library\n")
            sys.exit(7)
        case "mute":
            time.sleep(1000)
        case "slow":
            time.sleep(0.5)
            say(HELLO)
        case "babbles":
            sys.stdout.write("Welcome to animal 1.0!\n")
            sys.stdout.flush()
            time.sleep(1000)
        case "gone-for-good":
            mark = Path(sys.argv[2])
            if mark.exists():
                sys.exit(9)
            mark.touch()
            say(HELLO)
        case _:
            say(HELLOS.get(kind, HELLO))


def answer(kind: str, message: Message) -> None:
    """Answer one case."""
    match kind:
        case "boaster":
            say(result(message, [[] for _ in message["steps"]]))
        case "mortal":
            os._exit(1)
        case "gone-for-good":
            crash(message)
        case "chunk-shy":
            chunk_shy(message)
        case "twice":
            twice(message)
        case "floods":
            floods(message)
        case "forgetful":
            forgetful(message)
        case "error":
            say(result(message, [[{"error": {"code": "bad-flags"}}] for _ in message["steps"]]))
        case "third-step":
            third(message)
        case "out-of-order":
            out_of_order(message)
        case _:
            (VICES.get(kind, honest) if bites(message) else honest)(message)


def main() -> None:
    """Serve until `bye`."""
    kind = sys.argv[1]
    for line in sys.stdin:
        message = json.loads(line)
        match message["op"]:
            case "hello":
                greet(kind)
            case "case":
                answer(kind, message)
            case "bye":
                if kind == "rude":
                    sys.exit(5)
                if kind == "sticky":
                    time.sleep(1000)
                if kind == "chatty":
                    say("one more thing")
                return
            case _:
                say({"op": "result", "seq": 0, "steps": []} if kind == "know-all" else {"op": "unknown"})


if __name__ == "__main__":
    main()
