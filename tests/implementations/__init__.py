"""Tests of the harnesses around real implementations."""
