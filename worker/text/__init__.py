"""What happens to text before and after the model: paragraphs, sentences, pieces that fit, and checks."""

from worker.text.checks import Flag, FlagCode, badness, check, needs_translation
from worker.text.document import Document, Paragraph, Segment, Segmenter, Span
from worker.text.segmenter import FrenchSegmenter
from worker.text.splitter import Length, fit, split_all_to_fit, split_to_fit

__all__ = [
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
