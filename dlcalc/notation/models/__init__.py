"""Questions about model files."""
