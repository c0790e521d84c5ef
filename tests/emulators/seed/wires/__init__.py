"""The three wire formats: each reads a body into an `Ask` and writes a `Completion` whole or as a stream of frames."""
