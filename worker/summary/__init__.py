"""Summaries: extractive, of translated segments, and abstractive, by a model. Pure; the engine is handed in."""

from worker.summary.abstractive import summarize_abstractive
from worker.summary.extractive import summarize_extractive
from worker.summary.ranking import DEFAULT_WEIGHTS, Weights
from worker.summary.records import Coverage, Flag, Method, Mode, Place, Sentence, Summary, SummarySentence
from worker.summary.steps import plan_steps

__all__ = [
    "DEFAULT_WEIGHTS",
    "Coverage",
    "Flag",
    "Method",
    "Mode",
    "Place",
    "Sentence",
    "Summary",
    "SummarySentence",
    "Weights",
    "plan_steps",
    "summarize_abstractive",
    "summarize_extractive",
]
