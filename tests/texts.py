"""French that tests write."""


def rain(sentences: int) -> str:
    """So many short sentences, each another."""
    return "".join(f"Il pleut sur la ville {number}. " for number in range(sentences))
