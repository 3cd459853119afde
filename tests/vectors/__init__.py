"""Tests of `hgframing_vectors` and of the data in it."""
