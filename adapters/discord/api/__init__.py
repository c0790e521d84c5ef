"""Call the REST interface within its limits, and read what it tells of channels and people."""
