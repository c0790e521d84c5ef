"""Real servers that stand in for the services Seedling talks to, each for the facts that only that service has."""
