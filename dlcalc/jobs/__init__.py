"""File to file: read through files, compute with core, write through files."""
