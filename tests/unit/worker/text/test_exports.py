import worker.text


def test_exported_names() -> None:
    assert sorted(worker.text.__all__) == [
        "Document",
        "Flag",
        "FlagCode",
        "FrenchSegmenter",
        "Length",
        "Paragraph",
        "Segment",
        "Segmenter",
        "Span",
        "badness",
        "check",
        "fit",
        "needs_translation",
        "split_all_to_fit",
        "split_to_fit",
    ]
    assert all(hasattr(worker.text, name) for name in worker.text.__all__)


def test_flag_codes_are_the_interface() -> None:
    assert set(worker.text.FlagCode) == {
        "empty_output",
        "repeated",
        "source_copied",
        "french_left",
        "length_outlier",
        "number_missing",
        "number_added",
        "name_missing",
        "mention_missing",
        "quotation_lost",
        "signs_missing",
        "link_missing",
        "email_missing",
    }
