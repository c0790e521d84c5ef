"""Everything that talks to the outside; one package per counterpart, none imports another."""
