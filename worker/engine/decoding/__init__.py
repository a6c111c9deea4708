"""Decoding of our own over the modules of Hugging Face sequence-to-sequence models.

`weights` reads a model, `caches` holds what attention has seen, `step` runs the decoder and `output` its last layer, `scores`
picks tokens, `search` and `beam` search, and `loop` brings them together, one step of all rows in flight at a time.
"""
