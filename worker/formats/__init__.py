"""Articles in Markdown and HTML: prose for the translator, and its markup back on the translation.

Pure functions over text. Whatever the article, if every sentence is given back as it is, so is every byte of it.
"""

from worker.formats.block import Block, Filled, Part
from worker.formats.markup import Format, Markup, parse_markup
from worker.formats.run import Role

__all__ = ["Block", "Filled", "Format", "Markup", "Part", "Role", "parse_markup"]
