"""What every room about sessions shares: operators, claims, drafts, telemetry, and the reasons to refuse."""
