"""The history of the database, one for both dialects. Knows the tables only."""
