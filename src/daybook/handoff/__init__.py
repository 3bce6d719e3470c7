"""Hand-off: from a draft to a committed and pushed note; `handoff.run` is the way in."""
