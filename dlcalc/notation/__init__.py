"""Text or JSON values to axes, paddings, ranges and claims, and back to a question. No click, no input or output."""
