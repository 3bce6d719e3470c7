"""What the hooks that look share: the scope of a run, and what a look at it comes to."""
