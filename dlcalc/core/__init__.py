"""The arithmetic: pure functions and immutable results. No input or output, no click, no rich."""
