"""Lines in capitals are known, made readable for the model, and put back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.text.headlines import is_shouted, quieted, shouted, without_added_stop


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("LE MAIRE DE LYON ANNONCE UNE HAUSSE", True),
        ("MINISTÈRE INTÉRIEUR", True),
        ("ONU, OTAN, UE, FMI, OMS", False),
        ("LE MONDE", False),
        ("Le maire de Lyon annonce une hausse", False),
        ("12 345 678 901 234", False),
        ("", False),
    ],
)
def test_what_is_in_capitals(line: str, answer: bool) -> None:
    assert is_shouted(line) is answer


@pytest.mark.parametrize(
    ("line", "quiet"),
    [
        ("GUERRE EN UKRAINE : L'OTAN ET LA SNCF RÉAGISSENT", "Guerre en ukraine : l'OTAN et la SNCF réagissent"),
        ("« À L'ÉCOLE, ON CHANTE »", "« À l'école, on chante »"),
        ("ÉCRIVEZ À WWW.EXEMPLE.FR OU A.B@EXEMPLE.FR", "Écrivez à WWW.EXEMPLE.FR ou A.B@EXEMPLE.FR"),
    ],
)
def test_the_model_sees_small_letters(line: str, quiet: str) -> None:
    assert quieted(line) == quiet
    assert shouted(quiet, ("OTAN",)) == line


def test_what_is_kept_keeps_its_letters() -> None:
    assert (
        shouted("Hello {name}, see http://a.b/c and iPhone", ("{name}", "iPhone"))
        == "HELLO {name}, SEE http://a.b/c AND iPhone"
    )


@given(st.text())
def test_lengths_stay(line: str) -> None:
    assert len(quieted(line)) == len(line)


@pytest.mark.parametrize(
    ("source", "target", "wanted"),
    [
        ("Grève lundi", "Strike on Monday.", "Strike on Monday"),
        ("Grève lundi.", "Strike on Monday.", "Strike on Monday."),
        ("Grève aux U.S.A", "Strike in the U.S.A.", "Strike in the U.S.A."),
        ("Grève lundi", "Strike on Monday...", "Strike on Monday..."),
        ("", ".", "."),
    ],
)
def test_an_added_stop_goes(source: str, target: str, wanted: str) -> None:
    assert without_added_stop(source, target) == wanted
