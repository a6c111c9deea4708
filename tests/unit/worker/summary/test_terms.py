from worker.summary.terms import letters_of, terms_of


def test_terms_leave_out_what_says_nothing() -> None:
    assert terms_of("L'État et la région ont payé les travaux.") == ["etat", "region", "paye", "travau"]
    assert terms_of("The state's region paid for the works.") == ["state", "region", "paid", "works"]


def test_inflections_meet_in_a_stem_and_numbers_stay_whole() -> None:
    assert terms_of("négociations") == terms_of("Négocier") == ["negoci"]
    assert terms_of("48 millions, 3,5 % en 2024") == ["48", "millio", "3,5", "2024"]


def test_letters_ignore_case_accents_and_punctuation() -> None:
    assert letters_of("«L'Été, à 18 h 30 !»") == letters_of("l'ete a 18h30") == "letea18h30"
    assert letters_of("*** –") == ""
