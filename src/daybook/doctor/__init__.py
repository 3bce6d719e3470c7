"""The doctor: whether an installation of Daybook does what it is for, and the line that mends what does not."""
