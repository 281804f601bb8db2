"""Whole numbers and ratios, exactly: no NumPy here."""
