"""How much a named condition says when the names that it uses are spelled out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from nba.book.findings import Findings
from nba.book.model import Condition
from nba.lang import tree

__all__ = ["check_expansion"]

#: Parts of a condition with every name spelled out, and how deep names may be in one another.
#: Explanations spell names out; both grow fast where each name uses another twice.
MAX_PARTS: Final = 2_000
MAX_NAMES_DEEP: Final = 16


def check_expansion(
    conditions: Mapping[str, Condition], order: Iterable[str], findings: Findings
) -> None:
    """Report named conditions that say too much; *order* has each after those it uses."""
    parts: dict[str, int] = {}
    depths: dict[str, int] = {}
    for path in order:
        kind, _, name = path.partition(".")
        if kind != "condition" or name not in conditions:
            continue
        nodes = list(tree.walk(conditions[name].tree))
        used = [node.path for node in nodes if isinstance(node, tree.Field) and node.path in parts]
        parts[path] = len(nodes) + sum(parts[inner] for inner in used)
        depths[path] = 1 + max((depths[inner] for inner in used), default=0)
        if parts[path] > MAX_PARTS or depths[path] > MAX_NAMES_DEEP:
            message = f"`{path}` says too much when the names that it uses are spelled out"
            help_ = f"keep to {MAX_NAMES_DEEP} names inside one another, and use each once"
            findings.report("expression-limit", message, help_, conditions[name].place)
            parts[path], depths[path] = 1, 1  # once is enough
