"""The vectors: YAML suites, the requirement catalogue, JSON Schemas, and the code to find them."""
