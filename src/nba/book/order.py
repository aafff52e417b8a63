"""The order in which what has a name is worked out: each after what it uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Final

from nba.book.findings import Findings
from nba.book.model import Condition, Scorecard, Table
from nba.errors import Place
from nba.lang import tree

__all__ = ["derived_order"]

_MAX_CIRCLES: Final = 20  # that are reported


def derived_order(
    conditions: Mapping[str, Condition],
    cards: Mapping[str, Scorecard],
    relationship: Scorecard | None,
    tables: Mapping[str, Table],
    findings: Findings,
) -> tuple[str, ...]:
    """Return conditions, scorecards, the relationship and tables, each after those it uses."""
    trees: dict[str, list[tree.Node]] = {}
    places: dict[str, Place] = {}
    for name, condition in conditions.items():
        trees[f"condition.{name}"] = [condition.tree]
        places[f"condition.{name}"] = condition.place
    by_path = {f"scorecard.{name}": card for name, card in cards.items()}
    by_path |= {"relationship": relationship} if relationship else {}
    for path, card in by_path.items():
        parts = [part for point in card.points for part in (point.when, point.band) if part]
        trees[path] = [part.tree for part in parts]
        places[path] = card.place
    owners: dict[str, str] = {}  # of the outputs of tables
    for name, table in tables.items():
        trees[f"table.{name}"] = [found.expression.tree for found in table.inputs]
        places[f"table.{name}"] = table.place
        owners |= {table.path(output): f"table.{name}" for output in table.outputs}
    uses = {name: _used(parts, trees, owners) for name, parts in trees.items()}
    for _ in range(_MAX_CIRCLES):
        try:
            return tuple(TopologicalSorter(uses).static_order())
        except CycleError as error:
            circle = [str(name) for name in error.args[1]]
            first = circle.index(min(circle))  # so that the message is always the same
            circle = [*circle[first:-1], *circle[:first], circle[first]]
            shown = [f"`{name}`" for name in circle]
            shown[6:-1] = ["…"] if len(shown) > 8 else shown[6:-1]
            message = " needs ".join(shown)
            findings.report("circular-condition", message, "break the circle", places[circle[0]])
            uses = {name: used for name, used in uses.items() if name not in circle}
            uses = {name: [u for u in used if u in uses] for name, used in uses.items()}
    return ()


def _used(
    parts: Sequence[tree.Node], trees: Mapping[str, object], owners: Mapping[str, str]
) -> list[str]:
    paths = {
        owners.get(node.path, node.path)
        for part in parts
        for node in tree.walk(part)
        if isinstance(node, tree.Field)
    }
    return sorted(path for path in paths if path in trees)
