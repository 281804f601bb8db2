"""Weights without their model: what the tensors of a file are, and how many parameters they hold."""
