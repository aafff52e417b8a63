"""The decision: a plan, a view of one case, and what comes of them."""
