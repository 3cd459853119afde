"""Checks Mercurial as it was released: every release whose Python this machine has.

    python implementations/mercurial/releases.py                    all of them
    python implementations/mercurial/releases.py 6.0.3 4.9.1        these
    python implementations/mercurial/releases.py --every-case       for `hgframing generate --reduce`

Each release is built from PyPI for its own Python, beside nothing else, and checked through `harness.py` against its
expectation file, with the core tier. With --every-case nothing is expected: the reports say what every case shows, and
a failure is none of this program's. What had to be left out is said, with the reason, and fails nothing: a machine
without Python 2.7 or without a C compiler cannot run everything. Exit status: 0 as expected (or left out), 1 not, 3
where a check could not be finished.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import os
import shutil
import subprocess
import sys

from collections.abc import Iterator
from pathlib import Path


HERE = Path(__file__).parent
#: A release and the Pythons that it runs on, the best first.
RELEASES = {
    "4.6.2": ("python2.7",),
    "4.7.2": ("python2.7",),
    "4.8.2": ("python2.7",),
    "4.9.1": ("python2.7",),
    "5.9.3": ("python3.9", "python3.8"),
    "6.0.3": ("python3.11", "python3.10", "python3.9"),
}
OUTCOMES = ("passed", "failed", "forbidden", "raised", "crashed", "timed-out", "bad-reply", "unsupported", "not-run")

PAGE_HEAD = """\
# Mercurial as it was released

Written by `tox run -e mercurial-releases -- --markdown docs/mercurial-releases.md`; do not edit. Every vector of the core tier
against six releases, each on its own Python. A number counts items: a case in one revision, cut in one way. `failed`,
`forbidden` (something that must never follow did) and `raised` (an exception on a peer's octets) are all listed, with the
number of the deviation and a reason, in the release's file below `implementations/mercurial/`; `unsupported` is what the
releases do not have: other revisions above all, and octets that are cut inside a frame. What the numbers of deviations mean:
[mercurial.md](mercurial.md).
"""


class LeftOutError(Exception):
    """A release cannot be checked on this machine; the message says why."""


@dataclasses.dataclass(frozen=True)
class Check:
    """What one release did."""

    release: str
    python: str
    status: int
    outcomes: collections.Counter[str]
    deviations: frozenset[str]


def candidates(name: str) -> Iterator[str]:
    """Yield commands that may be an interpreter of that name; a shim may be on the path and not work."""
    found = shutil.which(name)
    if found:
        yield found
    home = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    wanted = name.removeprefix("python")
    yield from sorted(map(str, Path(home).glob(f"versions/{wanted}.*/bin/{name}")), reverse=True)


def find_python(release: str) -> str:
    """Find an interpreter that runs a release and has pip."""
    for name in RELEASES[release]:
        for command in candidates(name):
            done = subprocess.run([command, "-c", "import pip"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    raise LeftOutError(f"no {' or '.join(RELEASES[release])} with pip")


def install(release: str, python: str, directory: Path) -> Path:
    """Build a release into a directory of its own, once."""
    target = directory / f"mercurial-{release}"
    if not (target / "mercurial").is_dir():
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--target", str(target), f"mercurial=={release}"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            shutil.rmtree(target, ignore_errors=True)
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            raise LeftOutError(f"pip cannot build it: {lines[-1].strip() if lines else 'no reason given'}")
    return target


def check(release: str, directory: Path, how: list[str], *, silent: bool = False) -> Check:
    """Check one release and read the report back.

    Args:
        release: which.
        directory: for its build and its report.
        how: options of `hgframing check`.
        silent: whether the report on the terminal, which lists failures, is left out.
    """
    python = find_python(release)
    target = install(release, python, directory)
    report = directory / f"mercurial-{release}.jsonl"
    command = [sys.executable, "-m", "hgframing_conformance.cli", "check"]
    command += [f"exec:env PYTHONPATH={target} {python} {HERE / 'harness.py'}"]
    command += ["--quiet", "--timeout", "60", "--jsonl", str(report), *how]
    status = subprocess.run(command, stdout=subprocess.DEVNULL if silent else None, check=False).returncode
    outcomes: collections.Counter[str] = collections.Counter()
    deviations: set[str] = set()
    for line in report.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event.get("event") == "item":
            outcomes[event["outcome"]] += 1
            if event["outcome"] not in ("passed", "unsupported"):
                deviations.update(event.get("deviations", ()))
    return Check(release, Path(python).name, status, outcomes, frozenset(deviations))


def check_options(release: str, options: argparse.Namespace) -> Iterator[str]:
    """Yield the options of `hgframing check`."""
    if options.every_case:
        yield from ("--tier", "full")
    else:
        yield from ("--expectations", str(HERE / f"{release}.yaml"))
    if options.strict:
        yield "--strict"


def table(checks: list[Check], left_out: dict[str, str]) -> str:
    """Write the matrix of releases as Markdown."""
    shown = [name for name in OUTCOMES if any(check.outcomes[name] for check in checks)]
    lines = [
        f"| Mercurial | Python | {' | '.join(shown)} | deviations shown |",
        f"|---|---|{'--:|' * len(shown)}---|",
    ]
    for one in checks:
        numbers = " | ".join(str(one.outcomes[name]) for name in shown)
        listed = " ".join(sorted(one.deviations, key=lambda number: int(number[1:])))
        lines.append(f"| {one.release} | {one.python} | {numbers} | {listed} |")
    lines += [f"| {release} | left out: {why} |" for release, why in left_out.items()]
    return "\n".join(lines)


def main() -> int:
    """Check what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help=f"one of {', '.join(RELEASES)}")
    parser.add_argument("--directory", type=Path, default=Path("build/mercurial"), help="for builds and reports")
    parser.add_argument("--markdown", type=Path, help="write the matrix to this page of the docs")
    parser.add_argument("--strict", action="store_true", help="cases of level should gate too")
    parser.add_argument("--every-case", action="store_true", help="of every tier, without expectations")
    options = parser.parse_args()
    unknown = [release for release in options.releases if release not in RELEASES]
    if unknown:
        parser.error(f"unknown release {unknown[0]}; known: {', '.join(RELEASES)}")
    if options.every_case and options.markdown:
        parser.error("the page of the docs is about the core tier")
    directory = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    checks, left_out = [], {}
    for release in options.releases or RELEASES:
        print(f"-- Mercurial {release}", flush=True)
        try:
            asked = [*check_options(release, options)]
            checks.append(check(release, directory, asked, silent=options.every_case))
        except LeftOutError as error:
            left_out[release] = str(error)
    print(table(checks, left_out))
    if options.markdown:
        options.markdown.write_text(f"{PAGE_HEAD}\n{table(checks, left_out)}\n", encoding="utf-8")
    for release, why in left_out.items():
        print(f"left out: {release}: {why}")
    # Without expectations 1 says that something failed, which is what the report is for.
    tolerated = {0, 1} if options.every_case else {0}
    return max((one.status for one in checks if one.status not in tolerated), default=0)


if __name__ == "__main__":
    sys.exit(main())
