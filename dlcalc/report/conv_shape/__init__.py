"""How the answers of conv-shape look."""
