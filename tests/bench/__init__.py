"""Tests of what is in bench."""
