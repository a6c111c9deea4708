"""The revision of a model in a folder: a hash of what decides its output."""

import hashlib
from pathlib import Path

#: Files that decide what comes out; a README or a training log does not.
_PATTERNS = ("*.json", "*.safetensors", "*.bin", "*.model", "*.spm", "vocab.txt", "merges.txt", "*.bpe")


def fingerprint(folder: Path) -> str:
    """`sha256:` and 64 hexadecimal digits over names and contents of the model's files, in the order of their names.

    Reads all of it: about a second for each gigabyte.
    """
    whole = hashlib.sha256()
    for path in sorted({path for pattern in _PATTERNS for path in folder.glob(pattern)}):
        with path.open("rb") as file:
            whole.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return f"sha256:{whole.hexdigest()}"
