"""Shapes of whole tensors, as model files state them: what they say, and what they become."""
