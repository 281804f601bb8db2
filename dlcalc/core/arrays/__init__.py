"""NumPy arrays: formats, rows that may lie in files, blocks of rows, sums in twice the precision."""
