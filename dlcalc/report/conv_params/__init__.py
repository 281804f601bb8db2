"""How the answers of conv-params look."""
