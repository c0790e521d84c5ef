"""Connections to the outside: one package per counterpart, none of which imports another."""
