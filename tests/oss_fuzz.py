"""Builds fuzzers as OSS-Fuzz and ClusterFuzzLite do, as far as a machine without containers can, and runs them.

    python tests/oss_fuzz.py                          two of them, which is what continuous integration has time for
    python tests/oss_fuzz.py --all --seconds 20       all of them

The build is `fuzz/oss-fuzz/build.sh`, the very file, with a stand-in for the one program that only the build image has:
`compile_python_fuzzer` freezes a script into one file and writes a shell script around it. Then each fuzzer runs on its
corpus, and those that drive a reactor once more on the reference with a planted fault, which they must find and find
again in the input that they leave behind. What is not the image's: its sanitizers, which matter to native code alone.

Exit status: 0 all is well (or this machine has no atheris), 1 a fuzzer is not.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import stat
import subprocess
import sys
import tempfile
import zipfile

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final


__all__ = ["main", "problems_of_run", "write_stand_ins"]

ROOT: Final = Path(__file__).resolve().parents[1]
SCRIPTS: Final = ROOT / "fuzz" / "hgframing_fuzz" / "targets"
DEFAULT: Final = ("server_reactor", "client_reactor")
#: Which fuzzers drive a reactor that a fault can be planted in.
PLANTED: Final = frozenset({"server_reactor", "client_reactor"})
#: libFuzzer's status for an uncaught exception.
CRASHED: Final = 77
#: Branches that a fuzzer reaches within seconds if its code is instrumented, and never if it is not.
LEAST_COVERAGE: Final = 100

FREEZER: Final = """\
#!/bin/sh -eu
# Stands in for the program of that name in the build image.
script=$1; shift
name=$(basename "$script" .py)
"{python}" -m PyInstaller --log-level ERROR --noconfirm --onefile --name "$name.pkg" --distpath "$OUT" \\
    --workpath "$WORK/$name" --specpath "$WORK/$name" --paths "{planted}" --hidden-import planted \\
    "$@" "$(realpath "$script")"
cat > "$OUT/$name" <<'END'
#!/bin/sh
# LLVMFuzzerTestOneInput for fuzzer detection.
exec "$(dirname "$0")/$(basename "$0").pkg" "$@"
END
chmod +x "$OUT/$name"
"""

#: The reference with one fault on each side.
FAULT: Final = '''\
from hgframing import ClientReactor, Frame, ServerReactor
from hgframing_fuzz import CodeUnderTest
from hgframing_fuzz._client_session import ReferenceClient
from hgframing_fuzz._reference import ReferenceServer


class Server(ServerReactor):
    def receive(self, item):
        """Look too far into some data of a command."""
        if isinstance(item, Frame) and item.type_id == 2 and len(item.payload) == 13:
            item.payload[13]
        return super().receive(item)


class Client(ClientReactor):
    def receive(self, item):
        """Look too far into some responses."""
        if isinstance(item, Frame) and item.type_id == 3 and len(item.payload) == 13:
            item.payload[13]
        return super().receive(item)


def blamed(subject):
    subject.code = CodeUnderTest.of_modules(["hgframing", "planted"], ["planted"])
    return subject


def server_reactor():
    return blamed(ReferenceServer(Server))


def client_reactor():
    return blamed(ReferenceClient(Client))
'''


def write_stand_ins(directory: Path) -> Path:
    """Write the programs that the build image has, and the planted fault that the stand-in freezes too.

    Args:
        directory: exists, and is empty.

    Returns:
        What must come first on the path.
    """
    planted = directory / "planted"
    programs = directory / "bin"
    planted.mkdir()
    programs.mkdir()
    (planted / "planted.py").write_text(FAULT, encoding="utf-8")
    freezer = FREEZER.replace("{python}", sys.executable).replace("{planted}", str(planted))
    pip = f'#!/bin/sh\nexec "{sys.executable}" -m pip "$@"\n'
    for name, text in (("compile_python_fuzzer", freezer), ("pip3", pip)):
        file = programs / name
        file.write_text(text, encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return programs


def problems_of_run(status: int, output: str) -> Iterator[str]:
    """Say what is wrong with a run that should have found nothing.

    Args:
        status: its exit status.
        output: what libFuzzer printed.
    """
    if status != 0:
        yield f"ended with status {status}"
    covered = [int(number) for number in re.findall(r" cov: (\d+)", output)]
    if not covered:
        yield "said nothing of coverage"
    elif covered[-1] < LEAST_COVERAGE:
        yield f"covers {covered[-1]} branches: its code is not instrumented"
    if "no interesting inputs" in output:
        yield "says that no input was interesting"


def _start(fuzzer: Path, *arguments: str, seconds: float, planted: str = "") -> tuple[int, str]:
    environment = {**os.environ}
    if planted:
        environment["HGFRAMING_FUZZ_IMPLEMENTATION"] = f"direct:planted:{planted}"
    done = subprocess.run(
        [str(fuzzer), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + 120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _run(fuzzer: Path, corpus: Path, seconds: int) -> Iterator[str]:
    """Run a fuzzer on its corpus, as the engine does."""
    words = f"-dict={fuzzer.with_suffix('.dict')}"
    prefix = f"-artifact_prefix={corpus.parent}/{fuzzer.name}-"
    arguments = (f"-max_total_time={seconds}", words, prefix, "-timeout=25", str(corpus))
    status, output = _start(fuzzer, *arguments, seconds=seconds)
    found = [*problems_of_run(status, output)]
    yield from found
    if found:
        yield output[-3000:]
    last = re.findall(r"#(\d+)\tDONE +cov: (\d+)", output)
    if last:
        print(f"{fuzzer.name}: {last[-1][0]} inputs, coverage {last[-1][1]}, in {seconds} s")


def _find(fuzzer: Path, name: str, work: Path) -> Iterator[str]:
    """Find the planted fault from an empty corpus, and find it again in the input that was left behind."""
    prefix = work / f"{name}-planted-"
    arguments = ("-max_total_time=60", f"-artifact_prefix={prefix}")
    status, output = _start(fuzzer, *arguments, seconds=60, planted=name)
    left = sorted(work.glob(f"{name}-planted-*"))
    if status != CRASHED or len(left) != 1 or "IndexError in receive at planted-" not in output:
        yield f"did not find the planted fault (status {status}, {len(left)} files left)"
        yield output[-3000:]
        return
    executions = [int(number) for number in re.findall(r"^#(\d+)", output, re.MULTILINE)]
    print(f"{fuzzer.name}: the planted fault is found after about {max(executions, default=0)} inputs")
    again, output = _start(fuzzer, str(left[0]), seconds=10, planted=name)
    if again != CRASHED:
        yield f"does not find it again in the input that it left (status {again})"
    clean, output = _start(fuzzer, str(left[0]), seconds=10)
    if clean != 0:
        yield f"finds something in that input without the fault (status {clean}): {output[-1000:]}"


def _check(name: str, out: Path, work: Path, seconds: int) -> Iterator[str]:
    fuzzer = out / f"{name}_fuzzer"
    if not fuzzer.is_file():
        yield "was not built"
        return
    if "LLVMFuzzerTestOneInput" not in fuzzer.read_text(encoding="utf-8"):
        yield "would not be recognised as a fuzzer"
    corpus = work / f"{name}-corpus"
    with zipfile.ZipFile(out / f"{name}_fuzzer_seed_corpus.zip") as archive:
        archive.extractall(corpus)
    if not any(corpus.iterdir()):
        yield "has an empty corpus"
    yield from _run(fuzzer, corpus, seconds)
    if name in PLANTED:
        yield from _find(fuzzer, name, work)


def _build(names: Sequence[str], directory: Path) -> Path:
    """Run the build script; what it cannot do without the image is stood in for."""
    source, out, work = (directory / part for part in ("src", "out", "work"))
    for made in (source, out, work):
        made.mkdir()
    (source / "hgframing").symlink_to(ROOT)
    programs = write_stand_ins(work)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {
        **os.environ,
        "PATH": path,
        "SRC": str(source),
        "OUT": str(out),
        "WORK": str(work),
        "FUZZERS": " ".join(names),
        "JOBS": str(os.cpu_count() or 1),
    }
    subprocess.run([str(ROOT / ".clusterfuzzlite" / "build.sh")], env=environment, check=True)
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and run."""
    known = sorted(file.name.removesuffix("_fuzzer.py") for file in SCRIPTS.glob("*_fuzzer.py"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="FUZZER", help=f"of {', '.join(known)}")
    parser.add_argument("--all", action="store_true", help="build all of them")
    parser.add_argument("--seconds", type=int, default=3, help="that each runs on its corpus")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"unknown fuzzer {unknown[0]}; known: {', '.join(known)}")
    if importlib.util.find_spec("atheris") is None:
        print("left out: atheris has no wheel for this machine")
        return 0
    names = known if options.all else options.names or DEFAULT
    bad = 0
    with tempfile.TemporaryDirectory(prefix="hgframing-fuzzers-") as temporary:
        directory = Path(temporary)
        out = _build(names, directory)
        for name in names:
            for problem in _check(name, out, directory / "work", options.seconds):
                bad += 1
                print(f"{name}: {problem}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
