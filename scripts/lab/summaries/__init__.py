"""How good summaries are: ROUGE of extractive ones against plain rules, and what the check of facts finds."""
