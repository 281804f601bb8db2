"""Readers of model files, one for each format. Nothing that a file names is imported, called or unpickled."""
