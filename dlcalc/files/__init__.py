"""Containers of arrays, read and written. What is wrong with a file is an error that names it, never a traceback."""
