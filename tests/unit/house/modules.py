"""The project's Python modules, as text and as syntax trees: what the tests of the house look at."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Module:
    """A file of Python below the repository's root."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the root, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """The file's text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The file's syntax tree."""
        return ast.parse(self.text, self.name)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every import anywhere in the file, inside functions too: its line and the full name of what it imports.

        `from a import b` yields `a.b`, since `b` may be a module. `import_module("a")` counts, if its argument is a literal.
        """
        package = list(self.path.relative_to(ROOT).parent.parts)
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    yield from ((node.lineno, alias.name) for alias in names)
                case ast.ImportFrom(module=module, names=names, level=level):
                    start = package[: len(package) - level + 1] if level else []
                    base = ".".join([*start, *([module] if module else [])])
                    yield from ((node.lineno, f"{base}.{alias.name}") for alias in names)
                case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                    if node.args and isinstance(node.args[0], ast.Constant):
                        yield node.lineno, str(node.args[0].value)

    def reads_of_the_environment(self) -> Iterator[int]:
        """Lines that read a variable of the environment. Setting one for a library is another matter.

        It goes by `os.environ`: a WSGI request has an `environ` too.
        """
        for node in ast.walk(self.tree):
            match node:
                case ast.Attribute(value=ast.Name(id="os"), attr="getenv" | "getenvb"):
                    yield node.lineno
                case ast.Subscript(value=ast.Attribute(value=ast.Name(id="os"), attr="environ"), ctx=ast.Load()):
                    yield node.lineno
                case ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="os"), attr="environ"), attr="get" | "items" | "copy" | "pop"
                ):
                    yield node.lineno
                case ast.Compare(comparators=[ast.Attribute(value=ast.Name(id="os"), attr="environ")]):
                    yield node.lineno


def modules(*folders: str) -> list[Module]:
    """The modules below some folders of the repository, and scripts that are Python without the suffix."""
    found = []
    for folder in folders:
        paths = sorted((ROOT / folder).rglob("*"))
        found += [Module(path) for path in paths if path.suffix == ".py" or (not path.suffix and _is_python(path))]
    return found


def within(name: str, package: str) -> bool:
    """Whether a dotted name is a package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def _is_python(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"python" in first
