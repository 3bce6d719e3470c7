"""Adoption: what a repository holds (`survey`), and what `init` would add to it (`adoption`)."""
