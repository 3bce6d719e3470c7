"""Transcripts of agent sessions: redacted twice, by our rules and by a second scanner, and kept outside of the repository."""
