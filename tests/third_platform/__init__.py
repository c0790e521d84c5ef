"""Pigeon, a third platform: a folder and a line, which a test registers. Signed webhooks come in, HTTP posts go out."""
