"""conv-shape backwards: every value of one number that gives a size."""
