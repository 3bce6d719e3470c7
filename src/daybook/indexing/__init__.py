"""The maps of `regen-indexes`: kept up to date, adopted from those that people wrote, mended after a merge."""
