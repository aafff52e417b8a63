"""The briefing's section: what is told of a journey, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from nba.book import documents, model
from nba.book.expressions import Expressions
from nba.book.findings import At, Findings
from nba.book.journey import JourneySections
from nba.book.source import parse
from nba.book.wordings import wording
from nba.lang.types import INT, STRING, ObjectType, Type, list_of

__all__ = ["briefing"]

#: What texts on an event, on a moment and on a length of time may use besides the declared names.
_OF_EVENT: Final = ("when", "channel", "what")
_OF_MOMENT: Final = ("when", "title", "severity")
_OF_TIME: Final = "n"

#: What a book means that says nothing else.
_DEFAULT: Final = """
moments: "{title} ({when})"
tried:
  - {when: size(interaction.steps_tried) > 0, text: "Already tried: {interaction.steps_tried}"}
words:
  now: just now
  minute: a minute ago
  minutes: "{n} minutes ago"
  hour: an hour ago
  hours: "{n} hours ago"
  yesterday: yesterday
  days: "{n} days ago"
  weeks: "{n} weeks ago"
  months: "{n} months ago"
  years: "{n} years ago"
  and: and
"""
#: How an event is told of by default: as much as is known of it.
_WHAT: Final = ("{when}, {channel}: ", "{when}: ")


def briefing(
    sections: Sequence[tuple[Any, At]], journey: JourneySections, expressions: Expressions
) -> model.Briefing | None:
    """Return the briefing, which one file may give; None where there is nothing to tell of."""
    for _, at in sections[1:]:
        message = f"`briefing` is given twice, first at {sections[0][1].key_place}"
        expressions.findings.report("duplicate-id", message, "keep one", at.key_place)
    if not sections and not journey.types:
        return None
    document, at = sections[0] if sections else (documents.Briefing(), _own(""))
    return _Builder(document, at, journey, expressions).briefing()


def _own(text: str) -> At:
    """Return the position of what the engine itself says."""
    return At(parse(text, "the default briefing"))


class _Builder:
    def __init__(
        self,
        document: documents.Briefing,
        at: At,
        journey: JourneySections,
        expressions: Expressions,
    ) -> None:
        self.document = document
        self.at = at
        self.journey = journey
        self.expressions = expressions
        self.findings: Findings = expressions.findings
        self.default_at = _own(_DEFAULT)
        data: Any = self.default_at.source.data
        self.default = documents.Briefing.model_validate(data)

    def briefing(self) -> model.Briefing:
        of_moment = self.declaring(_OF_MOMENT)
        contacts, contacts_at = self.document.contacts, self.at / "contacts"
        if contacts is None:
            types = self.journey.types
            names = ["contact"] if "contact" in types else sorted(types)
            contacts = {name: documents.Mention() for name in names}
        return model.Briefing(
            lines=self.document.lines,
            moments=self.texts("moments", of_moment) if self.has_moments() else (),
            unresolved=self.mentions(
                self.document.unresolved, self.at / "unresolved", ", not resolved"
            ),
            promises=self.mentions(self.document.promises, self.at / "promises"),
            contacts=self.mentions(contacts, contacts_at),
            tried=self.texts("tried", self.expressions) if self.knows_tries() else (),
            facts=wording(self.document.facts, self.at / "facts", self.expressions, lists=True)
            or (),
            words=dict(self.words()),
            place=self.at.key_place,
        )

    def has_moments(self) -> bool:
        return self.document.moments is not None or "moments" in self.expressions.environment.names

    def knows_tries(self) -> bool:
        """Say whether there are words for what was tried, or the book declares it as we know it."""
        if self.document.tried is not None:
            return True
        interaction = self.expressions.environment.names.get("interaction")
        fields: Mapping[str, Type] = (
            interaction.fields if isinstance(interaction, ObjectType) else {}
        )
        return fields.get("steps_tried") == list_of(STRING)

    def declaring(self, names: Iterable[str]) -> Expressions:
        return self.expressions.declaring(dict.fromkeys(names, STRING))

    def texts(self, key: str, expressions: Expressions) -> tuple[model.Text, ...]:
        """Return the texts of the section, or those of the default."""
        own = getattr(self.document, key) is not None
        document, at = (self.document, self.at) if own else (self.default, self.default_at)
        return wording(getattr(document, key), at / key, expressions, lists=True) or ()

    # --- events

    def mentions(
        self, given: Mapping[str, documents.Mention], at: At, ending: str = ""
    ) -> tuple[model.Mention, ...]:
        return tuple(
            self.mention(name, document, at / name, ending)
            for name, document in sorted(given.items())
        )

    def mention(
        self, event: str, document: documents.Mention, at: At, ending: str
    ) -> model.Mention:
        own = self.journey.reading("event", event, at, key=True)
        fields = own.fields if isinstance(own, ObjectType) else {}
        names: dict[str, Type] = {"event": own}
        reading = self.expressions.declaring(names)
        until = self.journey.steps(document.until, at / "until", names)
        said, said_at = document.text, at / "text"
        if said is None:
            what = ("{event.topic}",) if fields.get("topic", INT).name == "string" else ()
            texts = [f"{start}{w}{ending}" for w in (*what, "{what}") for start in _WHAT]
            said, said_at = [documents.Text(text=text) for text in texts], _own("")
        texts_of = reading.declaring(dict.fromkeys(_OF_EVENT, STRING))
        return model.Mention(
            event,
            reading.condition(document.where, at / "where"),
            until,
            self.journey.lengths.length(
                document.within, at / "within", remembered="`within`", doubt=True
            ),
            document.at_most,
            wording(said, said_at, texts_of, lists=True) or (),
        )

    # --- when

    def words(self) -> Iterator[tuple[str, model.Text]]:
        """Yield how people say how long ago something was, by the unit."""
        names = Expressions({_OF_TIME: INT}, self.findings)
        for name in documents.Words.model_fields:
            key = name.removesuffix("_")
            own, default = getattr(self.document.words, name), getattr(self.default.words, name)
            text, at = (own, self.at) if own is not None else (default, self.default_at)
            found = wording([documents.Text(text=text)], at / "words" / key, names)
            yield from ((key, one) for one in found or ())
