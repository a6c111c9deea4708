from worker.text.losses import Loss, losses
from worker.text.numerals import english_digits


def test_what_got_lost_is_told_as_english_writes_it() -> None:
    source = "Mme Delaunay (SNCF) a payé 2 500,50 euros à a@b.fr, @mairie 🎉 : www.b.fr/x."
    assert losses(source, "She paid.") == [
        Loss(lost, lost) if isinstance(lost, str) else Loss(*lost)
        for lost in ("www.b.fr/x", "a@b.fr", "SNCF", "Delaunay", "@mairie", "🎉", ("2 500,50", "2,500.50"))
    ]


def test_nothing_is_lost_where_all_is_there() -> None:
    assert losses("Il a 3 chats, dont 2 noirs.", "He has three cats, two of them black.") == []


def test_a_magnitude_stays_outside_of_the_digits() -> None:
    assert losses("Elle vaut 2,3 milliards de dollars.", "It is worth 2.3 thousand dollars.") == [Loss("2,3", "2.3")]


def test_digits_that_are_no_quantity_stay_as_they_are() -> None:
    assert [english_digits(text) for text in ("1 234 567", "1.234", "2.0.1", "12", "06 12")] == [
        "1,234,567", "1,234", "2.0.1", "12", "06 12",
    ]  # fmt: skip


def test_numbers_in_words_are_told_as_english_writes_them() -> None:
    source = "Les dix-neuf villes ont sept ponts et deux cent mille habitants au cinquième rang, une vingtaine."
    assert losses(source, "The cities have bridges.") == [
        Loss("dix-neuf", "19"), Loss("sept", "seven"), Loss("deux cent mille", "200,000"),
    ]  # fmt: skip
