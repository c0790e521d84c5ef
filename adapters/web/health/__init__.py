"""Say to machines whether a process lives, is ready, and how it does."""
