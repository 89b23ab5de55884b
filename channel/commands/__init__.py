"""The commands, one file for what belongs together. Each imports what it needs when it runs."""
