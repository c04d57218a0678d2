"""What a platform looks like, as data: hosts, id patterns, and the markers that a page must show."""

from takedown.platform.library import Library, load_library
from takedown.platform.models import LiveRules, Marker, Platform

__all__ = ["Library", "LiveRules", "Marker", "Platform", "load_library"]
