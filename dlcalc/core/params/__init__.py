"""Parameters, work and memory of a layer, and of layers one behind another."""
