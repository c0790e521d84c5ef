"""The composition root and the registry of platforms."""
