"""The shell around the core: what has effects."""

from nba.engine.engine import Engine

__all__ = ["Engine"]
