"""Where `pytest --pyargs hgframing_conformance` finds the vectors: the plugin collects them in this file's place."""
