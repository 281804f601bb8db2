"""Layers one behind another, each on the output of the one before it."""
