"""A function that cannot start: a setting is missing."""

import os

CASE_TABLE = os.environ["A_SETTING_THAT_IS_MISSING"]


def handler(event: object, context: object) -> None:
    """Never reached."""
