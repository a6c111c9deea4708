"""Job ids: genuine ones are known by their own client, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.ids import IdMint

MINT = IdMint(b"s" * 32)


@given(client=st.text(min_size=1, max_size=20), now_ms=st.integers(0, 2**48 - 1))
def test_a_new_id_is_genuine_for_its_client_alone(client: str, now_ms: int) -> None:
    job_id = MINT.new(client, now_ms)
    assert len(job_id) == 32
    assert job_id.isalnum()
    assert MINT.is_genuine(job_id, client)
    assert not MINT.is_genuine(job_id, client + "x")
    assert not IdMint(b"t" * 32).is_genuine(job_id, client)


@given(position=st.integers(0, 31), replacement=st.sampled_from("0123456789abcdefghijklmnopqrstuv"))
def test_a_changed_id_is_not_genuine(position: int, replacement: str) -> None:
    job_id = MINT.new("me", 1_700_000_000_000)
    changed = job_id[:position] + replacement + job_id[position + 1 :]
    assert MINT.is_genuine(changed, "me") == (changed == job_id)


@given(st.text(max_size=40))
def test_anything_else_is_not_genuine(text: str) -> None:
    assert not MINT.is_genuine(text, "me")


def test_ids_sort_by_age() -> None:
    ids = [MINT.new("me", now_ms) for now_ms in (1, 2, 1000, 1_700_000_000_000, 2**47)]
    assert ids == sorted(ids)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        IdMint(b"short")
