"""Tests of `hgframing_conformance`, module by module."""
