"""Call the REST interface within its rate limits, and read channels and people."""
