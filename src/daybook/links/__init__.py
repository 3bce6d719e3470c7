"""The audit of links over a repository: what is read, judged, kept, reported and repaired; `link_report` is the way in."""
