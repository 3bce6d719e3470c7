"""The search for calls of the mirror, and what else tells of them."""
