import pytest

from service.client.event_stream import JobEvent, read_events
from service.client.line_reader import LineReader


def test_events_are_read_as_the_standard_has_them() -> None:
    lines = [
        "retry: 2000", "", ": a comment", "", "id: 7", "event: segment", 'data: {"a":', "data:  1}", "", 'data: {"b": 2}', "",
        "event: state", "", "event: done", 'data: {"broken": "off"}',
    ]  # fmt: skip
    assert list(read_events(lines)) == [JobEvent("segment", {"a": 1}, "7"), JobEvent("message", {"b": 2}, "")]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_only_newlines_end_lines_wherever_chunks_end(size: int) -> None:
    data = "é\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e🙂\r\n\n\rdeux\n…".encode()
    reader = LineReader()
    lines = [line for start in range(0, len(data), size) for line in reader.feed(data[start : start + size])]
    assert lines + reader.finish() == ["é\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e🙂", "", "\rdeux", "…"]
    assert reader.finish() == []
