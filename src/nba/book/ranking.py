"""Scoring and arbitration: scorecards, weights, tiers, decision points, kill switches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from nba.book import documents, model
from nba.book.expressions import NUMBER, Expressions
from nba.book.findings import At, Findings, short
from nba.book.point_sheets import PointSheets
from nba.book.selectors import Catalogued, band, between, covers, in_order, overlap, percent
from nba.lang.types import DOUBLE, INT

__all__ = ["FACTORS", "Ranking"]

#: What the priority formula may use besides the declared fields.
FACTORS: Final = ("propensity", "context_weight", "value", "lever")

Sections = Sequence[tuple[Any, At]]


class Ranking:
    """Builds what orders the candidates from its documents."""

    def __init__(
        self,
        expressions: Expressions,
        known: Catalogued,
        findings: Findings,
        sheets: PointSheets,
    ) -> None:
        self.sheets = sheets
        self.expressions = expressions
        self.known = known
        self.findings = findings

    # --- scoring

    def scorecard(self, name: str, document: documents.Scorecard, at: At) -> model.Scorecard:
        """Return a scorecard."""
        points = [
            self.point(point, at / "points" / place)
            for place, point in enumerate(document.points or ())
        ]
        given = [key for key in ("points", "file") if getattr(document, key) is not None]
        if len(given) != 1 and not (at / "points").faulty and not (at / "file").faulty:
            message, help_ = "a scorecard has `points`, or a `file` that holds them", "keep one"
            help_ = help_ if given else "add `points:`"
            self.findings.report("missing-key", message, help_, at.key_place)
        elif document.file is not None:
            points = self.sheets.points(document.file, document.inputs or {}, at)
        elif document.inputs is not None:
            message, help_ = "`inputs` goes with `file`", "remove it, or name a CSV file"
            self.findings.report("wrong-value", message, help_, (at / "inputs").key_place)
        if document.min is not None and document.max is not None and document.min > document.max:
            message = "`min` is above `max`"
            self.findings.report("wrong-value", message, "exchange them", (at / "min").place)
        return model.Scorecard(
            name,
            document.title,
            document.start + 0.0,  # which is never -0.0: a sum that has parts is not
            tuple(points),
            document.min,
            document.max,
            at.key_place,
        )

    def point(self, document: documents.Point, at: At) -> model.Point:
        """Return a line of a scorecard."""
        if not at.faulty:
            self.check_form(document, at)
        banded = self.expressions.number(document.band, at / "band")
        bands = self.bands(document.points or {}, at / "points")
        if banded and not (at / "points").faulty:
            self.check_holes(bands, at / "points", whole=banded.tree.type == INT)
        return model.Point(
            self.expressions.condition(document.when, at / "when"),
            document.add or 0.0,
            banded,
            bands,
            at.place,
        )

    def check_form(self, document: documents.Point, at: At) -> None:
        """Report a line that is neither `when` with `add` nor `band` with `points`."""
        given = [key for key, value in document if value is not None]
        pairs = {"when": "add", "add": "when", "band": "points", "points": "band"}
        if set(given) in ({"when", "add"}, {"band", "points"}):
            return
        message, help_ = "a line of a scorecard says how many points it gives", ""
        if len(given) == 1:
            message = f"a line of a scorecard with `{given[0]}` needs `{pairs[given[0]]}`"
            help_ = f"add `{pairs[given[0]]}:`"
            if given == ["add"]:
                help_ = "add `when:`, or add these points to `start`"
            self.findings.report("missing-key", message, help_, at.place)
            return
        if len(given) > 1:
            message = f"{' and '.join(f'`{key}`' for key in given)} do not go together"
        help_ = "write `when` with `add`, or `band` with `points`"
        self.findings.report("wrong-value", message, help_, at.place)

    def bands(self, points: Mapping[str, float], at: At) -> tuple[tuple[model.Band, float], ...]:
        """Return bands with their points; they do not overlap, so their order is irrelevant."""
        written: dict[model.Band, str] = {}
        found: list[tuple[model.Band, float]] = []
        for text, number in points.items():
            try:
                one = band(text)
            except ValueError:
                message, help_ = (
                    f"`{short(text)}` is not a band",
                    "write `0`, `1..2`, `3..` or `[6..24)`",
                )
                self.findings.report("wrong-value", message, help_, (at / text).key_place)
                continue
            written.setdefault(one, text)
            found.append((one, number))
        ordered = in_order(found)
        for (one, _), (other, _) in pairwise(ordered):
            if overlap(one, other):
                message = f"the bands `{written[one]}` and `{written[other]}` overlap"
                help_ = "write `[0..10)` for a band that does not include its end"
                place = (at / written[other]).key_place
                self.findings.report("wrong-value", message, help_, place)
        return ordered

    def check_holes(
        self, bands: Sequence[tuple[model.Band, float]], at: At, *, whole: bool
    ) -> None:
        """Warn of numbers between bands that are in none; of *whole* numbers only, for an int."""
        for (low, _), (high, _) in pairwise(bands):
            if hole := between(low, high, whole=whole):
                message = f"no band holds {hole}, so it gives no points"
                if not whole and ".." in hole:
                    message = f"no band holds {hole}: numbers between the bands give no points"
                help_ = "widen a band; `[0..2)` and `[2..4)` leave no number between them"
                self.findings.report("wrong-value", message, help_, at.key_place, warning=True)

    def scoring(self, sections: Sections) -> model.Scoring:
        """Return the formula, which one file may give, and the weights of all."""
        formulas = [
            (section.priority, at) for section, at in sections if section.priority is not None
        ]
        self.only_one(formulas, "priority")
        formula = None
        if formulas:
            value, at = formulas[0]
            names = self.expressions.declaring(dict.fromkeys(FACTORS, DOUBLE))
            formula = names.expression(value, at / "priority", NUMBER)
        weights = [
            self.weight(weight, at / "weights" / place)
            for section, at in sections
            for place, weight in enumerate(section.weights)
        ]
        return model.Scoring(formula, tuple(sorted(weights, key=_meaning)))

    def weight(self, document: documents.Weight, at: At) -> model.Weight:
        """Return a weight."""
        return model.Weight(
            self.expressions.condition(document.when, at / "when"),
            covers(document.covers, at / "covers", self.known, self.findings),
            percent(document.add),
            at.place,
        )

    def relationship(self, sections: Sections) -> model.Scorecard | None:
        """Return the relationship, a scorecard from 0 to 100 which one file may give."""
        for _, at in sections[1:]:
            message = f"`relationship` is given twice, first at {sections[0][1].key_place}"
            self.findings.report("duplicate-id", message, "keep one", at.key_place)
        if not sections:
            return None
        document, at = sections[0]
        points = tuple(
            self.point(point, at / "points" / place) for place, point in enumerate(document.points)
        )
        return model.Scorecard(
            "relationship", document.title, document.start + 0.0, points, 0.0, 100.0, at.key_place
        )

    # --- arbitration

    def tiers(self, sections: Sections) -> tuple[model.Tier, ...]:
        """Return the tiers, which stand in one file, since their order matters."""
        lists = [(section.tiers, at / "tiers") for section, at in sections if section.tiers]
        for _, at in lists[1:]:
            message = f"tiers stand in several files, first at {lists[0][1].key_place}"
            help_ = "their order matters: keep them in one file"
            self.findings.report("order-split", message, help_, at.key_place)
        found: dict[str, model.Tier] = {}
        for tiers, at in lists:
            for place, tier in enumerate(tiers):
                here = at / place
                if tier.name in found and not (here / "name").faulty:
                    message, help_ = f"two tiers are called `{tier.name}`", "rename one"
                    self.findings.report("duplicate-id", message, help_, (here / "name").place)
                selector = covers(tier.covers, here / "covers", self.known, self.findings)
                when = self.expressions.condition(tier.when, here / "when")
                found[tier.name] = model.Tier(tier.name, when, selector, here.place)
            self.check_coverage(list(found.values()), at)
        return tuple(found.values()) or (model.Tier("everything", None, model.Covers()),)

    def check_coverage(self, tiers: Sequence[model.Tier], at: At) -> None:
        """Warn of tiers of which none holds everything that the others leave."""
        always = [tier.covers for tier in tiers if tier.when is None]
        for key in ("kind", "direction", "issue", "group", "action", "channel"):
            alone = [each for each in always if each == model.Covers(**{key: getattr(each, key)})]
            named = {name for each in alone for name in getattr(each, key) or ()}
            known: frozenset[str] = getattr(self.known, key)
            if any(getattr(each, key) is None for each in alone) or known <= named:
                return
        if not at.faulty:
            message = "no tier covers everything: what none covers is never chosen"
            help_ = "add `- name: everything else` at the end"
            self.findings.report("wrong-value", message, help_, at.key_place, warning=True)

    def no_action(self, sections: Sections) -> model.NoAction:
        """Return what doing nothing is worth, which one file may say."""
        given = [
            (section.no_action, at)
            for section, at in sections
            if "no_action" in section.model_fields_set
        ]
        self.only_one(given, "no_action")
        document = given[0][0] if given else documents.NoAction()
        return model.NoAction(document.title, document.priority)

    def only_one(self, given: Sections, key: str) -> None:
        """Report a key that may be given once, and is given again."""
        for _, at in given[1:]:
            first = (given[0][1] / key).key_place
            message, help_ = f"`{key}` is given twice, first at {first}", "keep one"
            self.findings.report("duplicate-id", message, help_, (at / key).key_place)

    def decision_point(
        self, name: str, document: documents.DecisionPoint, at: At
    ) -> model.DecisionPoint:
        """Return a decision point."""
        if document.channel and document.channel not in self.known.channel:
            self.findings.unknown("channel", document.channel, self.known.channel, at / "channel")
        limits = {key: most for key, most in dict(document.at_most_per).items() if most is not None}
        return model.DecisionPoint(
            name,
            document.title,
            document.channel,
            covers(document.covers, at / "covers", self.known, self.findings),
            document.show,
            limits,
            at.key_place,
        )

    def stops(self, given: Iterable[tuple[Any, At]]) -> tuple[model.Stop, ...]:
        """Return the kill switches of all files."""
        found = [
            model.Stop(
                covers(document.covers, at / "covers", self.known, self.findings),
                document.title,
                at.place,
            )
            for document, at in given
        ]
        return tuple(sorted(found, key=lambda stop: (repr(stop.covers), stop.title)))


def _meaning(weight: model.Weight) -> tuple[str, str, float]:
    """Order weights by what they say, so that the order of files is irrelevant."""
    return repr(weight.covers), repr(weight.when), weight.add
