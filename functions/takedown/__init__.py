"""Takedown: evidence-grade cases against counterfeit and infringing marketplace listings."""

__version__ = "0.1.0"
