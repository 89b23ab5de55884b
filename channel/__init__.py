"""The doors: commands, pages, the API. Knows both; the only Flask, the only clock, the only transactions."""
