"""One small class for each outside system. Nothing in here decides anything about a case."""
