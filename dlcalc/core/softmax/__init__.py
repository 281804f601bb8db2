"""Softmax, cross-entropy, and the gradient of one through the other."""
