"""Tests of `hgframing_fuzz`, module by module."""
