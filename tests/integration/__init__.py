"""Tests of several parts together: real libraries, real databases, emulated platforms."""
