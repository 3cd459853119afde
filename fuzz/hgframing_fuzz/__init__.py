"""The fuzzing harness."""
