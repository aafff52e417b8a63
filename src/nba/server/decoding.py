"""JSON that somebody sends, read by its type; what is wrong with it is told with its place."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from nba.server import messages
from nba.server.problems import ProblemError, invalid

__all__ = ["decoded"]


def decoded(
    decoder: msgspec.json.Decoder[Any], content: bytes, within: tuple[str | int, ...] = ()
) -> Any:
    """Return what *content* says, which stands *within* a body at this path.

    Raises ProblemError where it is not of the decoder's type.
    """
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        raise invalid(error, _KEYS, within) from None
    except msgspec.DecodeError as error:
        raise ProblemError("bad-json", f"the body is not JSON: {error}") from None
    except UnicodeDecodeError:
        raise ProblemError("bad-json", "the body is not UTF-8") from None
    except RecursionError:
        raise ProblemError("too-deep", "the body is nested too deeply") from None


#: All keys that bodies have: what a wrong one may have been meant to be.
_KEYS: Final = sorted(
    {
        field
        for one in vars(messages).values()
        if isinstance(one, type) and issubclass(one, msgspec.Struct)
        for field in one.__struct_fields__
    }
)
