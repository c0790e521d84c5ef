"""The values and the database behind the stores."""
