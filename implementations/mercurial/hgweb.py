"""Checks Mercurial's HTTP server: `hg serve` of 6.0.3 with its experimental API, on a loopback port.

    python implementations/mercurial/hgweb.py

The release is built from PyPI as releases.py builds it. The server has an empty repository, lets everybody push, and
reflects; it is checked twice, in the layer `http` against hgweb-6.0.3.yaml, and its reactor behind `debugreflect`
against reflect-6.0.3.yaml. What it answers with status 500 is listed. Exit status: 0 as expected (or left out), 1 not, 3
where a check could not be finished.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile

from collections.abc import Iterator
from pathlib import Path

from releases import LeftOutError, find_python, install


HERE = Path(__file__).parent
RELEASE = "6.0.3"
#: Cases of one deviation that are named.
SHOWN = 9
#: Locator and expectation file.
CHECKS = (("http://{}/#name=Mercurial", "hgweb"), ("reflect:http://{}/#name=Mercurial", "reflect"))
CONFIG = {
    "experimental.web.apiserver": "true",
    "experimental.web.api.http-v2": "true",
    "experimental.web.api.debugreflect": "true",
    "web.allow-push": "*",
    "web.push_ssl": "false",
}
#: What the script `hg` does; in a directory of its own a release has no script.
HG = ("-c", "from mercurial import dispatch; dispatch.run()")


@contextlib.contextmanager
def serving(python: str, target: Path) -> Iterator[str]:
    """Run `hg serve` over an empty repository; yields `127.0.0.1:port`."""
    environment = os.environ | {
        "HGPLAIN": "1",
        "HGRCPATH": os.devnull,
        "PYTHONPATH": str(target),
        "PYTHONUNBUFFERED": "1",
    }
    with tempfile.TemporaryDirectory() as repository:
        hg = [python, *HG, "-R", repository]
        subprocess.run([python, *HG, "init", repository], env=environment, check=True, timeout=60)
        config = [f"--config={name}={value}" for name, value in CONFIG.items()]
        with subprocess.Popen(
            [*hg, "serve", "-a", "127.0.0.1", "-p", "0", *config],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield _address(process)
            finally:
                process.terminate()


def _address(process: subprocess.Popen[bytes]) -> str:
    """Read "listening at http://localhost:PORT/ (bound to 127.0.0.1:PORT)", which has no end of line."""
    assert process.stdout is not None
    line = b""
    while not line.endswith(b")"):
        octet = process.stdout.read(1)
        if not octet:
            raise SystemExit(f"hg serve did not start: {line.decode(errors='replace')}")
        line += octet
    return line.decode().rpartition("bound to ")[2].rstrip(")")


def check(locator: str, name: str, directory: Path) -> tuple[int, dict[str, list[str]]]:
    """Check one way; return the exit status, and the cases that were answered with status 500 by their deviations."""
    report = directory / f"{name}-{RELEASE}.jsonl"
    command = [sys.executable, "-m", "hgframing_conformance.cli", "check", locator, "--quiet", "--strict"]
    command += ["--timeout", "60", "--jsonl", str(report)]
    command += ["--expectations", str(HERE / f"{name}-{RELEASE}.yaml")]
    status = subprocess.run(command, check=False).returncode
    broken: dict[str, list[str]] = {}
    for line in report.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        observed = [action["text"] for step in event.get("steps", ()) for action in step.get("observed") or ()]
        if any(text.startswith("response 500") or "status 500" in text for text in observed):
            broken.setdefault(", ".join(event.get("deviations", ())) or "no deviation", []).append(event["id"])
    return status, broken


def main() -> int:
    """Check the server in both ways."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--directory", type=Path, default=Path("build/mercurial"), help="for builds and reports")
    directory = parser.parse_args().directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        python = find_python(RELEASE)
        target = install(RELEASE, python, directory)
    except LeftOutError as error:
        print(f"left out: hg serve of {RELEASE}: {error}")
        return 0
    worst = 0
    with serving(python, target) as address:
        for locator, name in CHECKS:
            print(f"-- {locator.format('…')}", flush=True)
            status, broken = check(locator.format(address), name, directory)
            worst = max(worst, status)
            print(f"{sum(map(len, broken.values()))} cases end in status 500:")
            for deviations, cases in broken.items():
                more = f" and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
                print(f"  {deviations}: {', '.join(cases[:SHOWN])}{more}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
