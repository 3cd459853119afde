"""Tests of `hgframing_fuzz._blame`: the reactor's function and the innermost line."""

from __future__ import annotations

import json
import sys
import types

from collections.abc import Callable
from pathlib import Path

import pytest

from hgframing_fuzz._blame import CodeUnderTest, blame


#: A reactor and a library below it, which calls another library that is not under test.
REACTOR = """
import fake_library
def on_frame(payload):
    return fake_library.decode(payload)
def on_end():
    raise ValueError("here")
"""
LIBRARY = """
import json
def decode(payload):
    return parse(payload)
def parse(payload):
    if payload == "deep":
        return parse(payload)
    return json.loads(payload)
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodeUnderTest:
    """The two modules, imported."""
    for name, text in (("fake_library", LIBRARY), ("fake_reactor", REACTOR)):
        file = tmp_path / f"{name}.py"
        file.write_text(text, encoding="utf-8")
        module = types.ModuleType(name)
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(text, str(file), "exec"), vars(module))  # noqa: S102 -- the text stands above
    return CodeUnderTest.of_modules(["fake_reactor", "fake_library"], ["fake_reactor"])


def raised(call: Callable[[], object]) -> BaseException:
    """The exception that a call raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- any of them
        call()
    return caught.value


def test_blame_exception_below_the_code_names_the_last_line_of_it(code: CodeUnderTest) -> None:
    """The line is in the library under test, not in the one below it, and the function is the reactor's."""
    error = raised(lambda: sys.modules["fake_reactor"].on_frame("{"))

    assert isinstance(error, json.JSONDecodeError)
    assert blame(error.__traceback__, code) == ("on_frame", "fake_library-8")


def test_blame_exception_in_the_reactor_names_its_line(code: CodeUnderTest) -> None:
    """The innermost entry may be the reactor itself."""
    error = raised(sys.modules["fake_reactor"].on_end)

    assert blame(error.__traceback__, code) == ("on_end", "fake_reactor-6")


def test_blame_exception_elsewhere_names_nothing(code: CodeUnderTest) -> None:
    """The driver's own mistakes are not blamed on the code under test."""
    error = raised(lambda: json.loads("{"))

    assert blame(error.__traceback__, code) == ("none", "none")
    assert blame(None, code) == ("none", "none")


def test_blame_by_function_names_what_the_reactor_entered(code: CodeUnderTest) -> None:
    """A recursion has no line: it strikes wherever the stack ran out."""
    error = raised(lambda: sys.modules["fake_reactor"].on_frame("deep"))

    assert isinstance(error, RecursionError)
    assert blame(error.__traceback__, code, by_function=True) == ("on_frame", "fake_library-decode")


def test_code_module_that_is_not_imported_is_refused() -> None:
    """Blame needs the file that the interpreter loaded."""
    with pytest.raises(KeyError):
        CodeUnderTest.of_modules(["no_such_module"], [])


def test_code_package_stands_for_its_directory() -> None:
    """Whatever lies in a package is under test."""
    code = CodeUnderTest.of_modules(["hgframing"], ["hgframing._server"])

    assert str(sys.modules["hgframing._cbor"].__file__).startswith(code.roots)
    assert code.reactors == {sys.modules["hgframing._server"].__file__}


def test_code_under_test_is_named_as_the_frozen_code_names_itself(
    code: CodeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An executable that is frozen says of a module that it lies in a temporary directory; its code says otherwise."""
    module = sys.modules["fake_reactor"]
    compiled = compile(REACTOR, "fake_reactor.py", "exec")
    loader = types.SimpleNamespace(get_code=lambda _: compiled)
    monkeypatch.setattr(module, "__loader__", loader)
    monkeypatch.setattr(module, "__file__", "elsewhere/fake_reactor.pyc")

    frozen = CodeUnderTest.of_modules(["fake_library"], ["fake_reactor"])

    assert frozen.reactors == {"fake_reactor.py"}
    assert set(frozen.roots) < set(code.roots)
