from service.client.event_stream import JobEvent, read_events


def test_events_are_read_as_the_standard_has_them() -> None:
    lines = [
        "retry: 2000", "", ": a comment", "", "id: 7", "event: segment", 'data: {"a":', "data:  1}", "", 'data: {"b": 2}', "",
        "event: state", "", "event: done", 'data: {"broken": "off"}',
    ]  # fmt: skip
    assert list(read_events(lines)) == [JobEvent("segment", {"a": 1}, "7"), JobEvent("message", {"b": 2}, "")]
