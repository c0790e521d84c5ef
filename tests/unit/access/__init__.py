"""Tests of who may, what it may spend, and how fast."""
