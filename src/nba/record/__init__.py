"""The decision log: what each decision was made on, and whether it is made again alike."""

from nba.record.log import DecisionLog, Stats
from nba.record.record import Record
from nba.record.sinks import JsonLinesSink, Sink, SqliteSink

__all__ = ["DecisionLog", "JsonLinesSink", "Record", "Sink", "SqliteSink", "Stats"]
