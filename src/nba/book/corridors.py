"""Corridors: the stages that customers go through, and the names that conditions get from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nba.book import documents, model
from nba.book.findings import At, Findings
from nba.book.journey import JourneySections
from nba.lang.context import FieldSpec
from nba.lang.types import BOOL, DURATION, TIMESTAMP, EnumType, Type

__all__ = ["NO_STAGE", "corridor", "corridor_fields"]

#: The stage of somebody who is in none.
NO_STAGE: Final = "none"
MAX_STAGES: Final = 20


def corridor(
    name: str, document: documents.Corridor, at: At, sections: JourneySections
) -> model.Corridor:
    """Return a corridor; what is wrong with it is reported."""
    names: dict[str, Type] = {}
    stages: list[model.Stage] = []
    for place, stage in enumerate(document.stages):
        here = at / "stages" / place
        if stage.id == NO_STAGE or stage.id in {other.id for other in stages}:
            known = "is the stage of somebody who is in none"
            message = (
                f"`{NO_STAGE}` {known}" if stage.id == NO_STAGE else f"two stages `{stage.id}`"
            )
            sections.findings.report("duplicate-id", message, "rename it", (here / "id").place)
        built = _stage(stage, here, sections, names)
        if place == len(document.stages) - 1 and not (at / "stages").faulty:
            _check_last(stage, here, sections.findings)
        if built:
            stages.append(built)
    if not 1 <= len(document.stages) <= MAX_STAGES and not (at / "stages").faulty:
        message = f"a corridor has one to {MAX_STAGES} stages, not {len(document.stages)}"
        sections.findings.report("wrong-value", message, "", (at / "stages").place)
    until = sections.steps(document.until, at / "until", names)
    return model.Corridor(name, document.title, tuple(stages), until, at.key_place)


def _stage(
    stage: documents.Stage, at: At, sections: JourneySections, names: dict[str, Type]
) -> model.Stage | None:
    enter = sections.step(stage.enter, at / "enter", names, keep=True)
    expect = sections.step(stage.expect, at / "expect", dict(names))
    findings = sections.findings
    scope = "`by` reads only the events of this and earlier stages"
    by = sections.by(stage.by, at / "by", names, scope)
    if stage.by is not None and stage.within is not None:
        message = "`within` and `by` exclude each other"
        findings.report("wrong-value", message, "keep one of them", (at / "by").key_place)
    within = sections.lengths.length(stage.within, at / "within", remembered="`within`", doubt=True)
    if enter is None:
        return None
    return model.Stage(stage.id, stage.title, enter, expect, within, by)


def _check_last(stage: documents.Stage, at: At, findings: Findings) -> None:
    """Report a deadline for nothing: no stage is entered later, so it would be late for ever."""
    for key in ("within", "by"):
        if stage.expect is None and getattr(stage, key) is not None:
            message = f"`{key}` says by when something is expected, and no stage comes after this"
            help_ = f"give it `expect`, or leave `{key}` out"
            findings.report("wrong-value", message, help_, (at / key).key_place)


def corridor_fields(corridors: Mapping[str, model.Corridor]) -> Iterator[FieldSpec]:
    """Yield the fields `corridor.x.stage`, `.entered`, `.time` and `.late`."""
    for name, found in corridors.items():
        prefix, title = f"corridor.{name}", found.title or name.replace("_", " ")
        stages = (*(stage.id for stage in found.stages), NO_STAGE)
        kind = EnumType("string", values=stages)
        yield FieldSpec(f"{prefix}.stage", kind, title=f"the stage of {title}")
        yield FieldSpec(f"{prefix}.entered", TIMESTAMP, title=f"the entry of the stage of {title}")
        yield FieldSpec(f"{prefix}.time", DURATION, title=f"the time in the stage of {title}")
        yield FieldSpec(f"{prefix}.late", BOOL, title=f"the lateness of {title}")
