"""What all tests share: how long the random ones search.

`NBA_LONG=1` searches long; the rest of the time a run of all tests takes minutes.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default",
    max_examples=100,
    deadline=None,
    derandomize=False,
    print_blob=True,
)
settings.register_profile(
    "long",
    settings.get_profile("default"),
    max_examples=10_000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("long" if os.environ.get("NBA_LONG") == "1" else "default")
