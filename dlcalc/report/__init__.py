"""An outcome as a table, as JSON, as CSV, or as one bare value. ``screen``, ``table`` and ``progress`` know rich."""
