"""Small harnesses that misbehave, each in its own way."""
