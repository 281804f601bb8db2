"""An outcome as a table, as JSON, as CSV, or as one bare value. Only ``report.table`` knows rich."""
