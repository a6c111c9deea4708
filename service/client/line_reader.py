"""Lines out of the bytes of a stream. Only a newline ends one: to JSON and to events, what `str.splitlines` knows is text."""


class LineReader:
    """Reads one connection's bytes, which are cut anywhere. What is no UTF-8 becomes U+FFFD."""

    def __init__(self) -> None:
        self._line = bytearray()

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that end in this chunk, without their ends."""
        *ends, rest = chunk.split(b"\n")
        lines = []
        for end in ends:
            self._line += end
            lines.append(self._take())
        self._line += rest
        return lines

    def finish(self) -> list[str]:
        """A last line without an end."""
        return [self._take()] if self._line else []

    def _take(self) -> str:
        line = self._line.removesuffix(b"\r").decode(errors="replace")
        self._line.clear()
        return line
