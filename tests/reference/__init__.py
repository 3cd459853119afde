"""Tests of `hgframing`, module by module."""
