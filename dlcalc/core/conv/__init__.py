"""One layer whose windows slide over its input: sizes, unread input, receptive field."""
