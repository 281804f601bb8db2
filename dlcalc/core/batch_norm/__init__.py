"""Batch normalisation: statistics, the affine that it is at inference, and folding that into a layer."""
