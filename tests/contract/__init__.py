"""One suite per port, run over each of its implementations."""
