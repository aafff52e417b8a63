"""The files that commands read: JSON, and cases in JSON or one to a line."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from nba.cli.output import Stopped
from nba.decide.case import Case
from nba.errors import CaseError, Place

__all__ = ["CaseFile", "read_cases", "read_object"]

_LINES: Final = (".jsonl", ".ndjson")
_IN_OUR_WORDS: Final = {
    "Expecting value": "a value is expected here",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected here",
    "Expecting ':' delimiter": "`:` is expected here",
    "Expecting ',' delimiter": "`,` or the end of what was opened is expected here",
    "Illegal trailing comma before end of object": "this comma is one too many",
    "Illegal trailing comma before end of array": "this comma is one too many",
    "Unterminated string starting at": "the text that begins here has no end",
    "Invalid control character at": "a line break or control character must be written as an escape",
    "Invalid \\escape": "there is no such escape",
    "Extra data": "there is more after the end of the JSON value",
}
