"""Named engines of others on the neutral workload, each by its fastest API.

Every module has `NAME`, the engine's name and what of it is called; `DISTRIBUTION`, by which it is
installed; `LARGEST`, the number of actions that it survives; and `load(rules)`, which returns a
function from the fields of a customer to the places of the actions that are eligible, in order.
How a rule is said to an engine follows the engine's own manual.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: The places of the actions that are eligible for a customer's fields.
Eligible = Callable[[Mapping[str, Any]], Sequence[int]]
