"""Layers one after another: what each makes of the output of the one before it."""
