"""The engine: loads models, and moves segments of all articles in flight through them in batches."""
