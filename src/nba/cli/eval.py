"""Evaluates an expression of the condition language, and prints its value as an expression.

Names have the values that the context gives them; none has to be declared. Put `--` before an
expression that begins with a minus sign.
"""

from __future__ import annotations

import argparse

from nba.cli.arguments import Arguments
from nba.cli.codes import FAILED, OK
from nba.cli.objects import read_object
from nba.cli.output import errors, results
from nba.cli.values import as_expression, as_json
from nba.errors import EvaluationError, ExpressionError
from nba.lang import evaluate

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba eval`."""
    parser.add_argument("expression", metavar="EXPRESSION", help="such as \"tier == 'gold'\"")
    help_ = "a JSON object with the values of names; - reads standard input"
    parser.add_argument("--context", metavar="FILE", help=help_)
    help_ = "evaluate literally, not by generated code; the value is the same"
    parser.add_argument("--reference", action="store_true", help=help_)
    parser.add_argument("--json", action="store_true", help="print the value as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the value of an expression."""
    context = read_object(args.context) if args.context is not None else {}
    try:
        value = evaluate(
            args.expression, context, path="reference" if args.reference else "compiled"
        )
    except ExpressionError as error:
        errors().diagnostics(error.diagnostics)
        return FAILED
    except EvaluationError as error:
        errors().line(f"{errors().paint('error', 'red', 'bold')}: there is no value: {error}")
        return FAILED
    if args.json:
        results().json(as_json(value))
    else:
        results().line(as_expression(value))
    return OK
