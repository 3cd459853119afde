"""Build hook of the wheel: the suites once more, in the compiled form, which is read in a tenth of the time.

The wheel has both: YAML for people and for consumers of files, and `hgframing_vectors/compiled.json`, which is what
`hgframing_conformance` loads where it is there. An editable installation has no such file, so that what is written in a
suite holds at once. A suite that does not load ends the build, and the message lists its problems.
"""

from __future__ import annotations

import sys

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileSuites(BuildHookInterface[Any]):
    """Compiles the suites of this checkout into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file; see hatchling's "Build hook plugins"."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path[:0] = [str(root / name) for name in ("reference", "vectors", "conformance")]
        # The packages of this checkout, which the build does not install.
        import hgframing_vectors  # noqa: PLC0415

        from hgframing_conformance._compiled import compile_cases  # noqa: PLC0415
        from hgframing_conformance._suites import load_suites  # noqa: PLC0415

        self._file = Path(self.directory) / hgframing_vectors.COMPILED
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_bytes(compile_cases(load_suites()))
        build_data["force_include"][str(self._file)] = f"hgframing_vectors/{hgframing_vectors.COMPILED}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Take the file away again: it is in the wheel."""
        if version != "editable":
            self._file.unlink(missing_ok=True)
