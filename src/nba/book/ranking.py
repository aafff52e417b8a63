"""Scoring and arbitration: scorecards, weights, tiers, decision points, kill switches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from nba.book import documents, model
from nba.book.expressions import NUMBER, Expressions
from nba.book.findings import At, Findings
from nba.book.selectors import Catalogued, band, covers, percent
from nba.lang.types import DOUBLE

__all__ = ["FACTORS", "Ranking"]

#: What the priority formula may use besides the declared fields.
FACTORS: Final = ("propensity", "context_weight", "value", "lever")

Sections = Sequence[tuple[Any, At]]


class Ranking:
    """Builds what orders the candidates from its documents."""

    def __init__(self, expressions: Expressions, known: Catalogued, findings: Findings) -> None:
        self.expressions = expressions
        self.known = known
        self.findings = findings

    # --- scoring

    def scorecard(self, name: str, document: documents.Scorecard, at: At) -> model.Scorecard:
        """Return a scorecard."""
        points = [
            self.point(point, at / "points" / place) for place, point in enumerate(document.points)
        ]
        if document.min is not None and document.max is not None and document.min > document.max:
            message = "`min` is above `max`"
            self.findings.report("wrong-value", message, "exchange them", (at / "min").place)
        return model.Scorecard(
            name,
            document.title,
            document.start,
            tuple(points),
            document.min,
            document.max,
            at.key_place,
        )

    def point(self, document: documents.Point, at: At) -> model.Point:
        banded = document.band is not None and document.points is not None
        simple = document.when is not None and document.add is not None
        if banded == simple or (banded and (document.when is not None or document.add is not None)):
            message = "a line of a scorecard has `when` and `add`, or `band` and `points`"
            self.findings.report("wrong-value", message, "", at.place)
        bands = []
        for text, points in (document.points or {}).items():
            try:
                bands.append((band(text), points))
            except ValueError:
                message, help_ = f"`{text}` is not a band", "write `0`, `1..2`, `3..` or `[6..24)`"
                place = (at / "points" / text).key_place
                self.findings.report("wrong-value", message, help_, place)
        return model.Point(
            self.expressions.condition(document.when, at / "when"),
            document.add or 0.0,
            self.expressions.number(document.band, at / "band"),
            tuple(bands),
            at.place,
        )

    def scoring(self, sections: Sections) -> model.Scoring:
        """Return the formula, which one file may give, and the weights of all."""
        formulas = [(section.priority, at) for section, at in sections if section.priority is not None]
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
        return model.Weight(
            self.expressions.condition(document.when, at / "when"),
            covers(document.covers, at / "covers", self.known, self.findings),
            percent(document.add),
            at.place,
        )

    # --- arbitration

    def tiers(self, sections: Sections) -> tuple[model.Tier, ...]:
        """Return the tiers, which stand in one file, since their order matters."""
        lists = [(section.tiers, at) for section, at in sections if section.tiers]
        if len(lists) > 1:
            message = f"tiers stand in several files, first at {(lists[0][1] / 'tiers').key_place}"
            help_ = "their order matters: keep them in one file"
            self.findings.report("order-split", message, help_, (lists[1][1] / "tiers").key_place)
        tiers, at = lists[0] if lists else ([], None)
        found = []
        for place, tier in enumerate(tiers):
            assert at is not None
            here = at / "tiers" / place
            if tier.name in {other.name for other in found}:
                message = f"two tiers are called `{tier.name}`"
                self.findings.report("duplicate-id", message, "rename one", (here / "name").place)
            selector = covers(tier.covers, here / "covers", self.known, self.findings)
            when = self.expressions.condition(tier.when, here / "when")
            found.append(model.Tier(tier.name, when, selector, here.place))
        return tuple(found) or (model.Tier("everything", None, model.Covers()),)

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

    def stop(self, document: documents.Stop, at: At) -> model.Stop:
        """Return a kill switch."""
        selector = covers(document.covers, at / "covers", self.known, self.findings)
        return model.Stop(selector, document.title, at.place)


def _meaning(weight: model.Weight) -> tuple[str, str, float]:
    """Order weights by what they say, so that the order of files is irrelevant."""
    return repr(weight.covers), repr(weight.when), weight.add
