"""From one observation to one verdict: pure, and the same for the same data."""

from takedown.judging.judge import judge

__all__ = ["judge"]
