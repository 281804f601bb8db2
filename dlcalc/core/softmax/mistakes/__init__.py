"""The mistakes of softmax-grad, and claims judged by them."""
