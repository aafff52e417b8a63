"""What must be remembered: one protocol, and the stores that follow it."""
