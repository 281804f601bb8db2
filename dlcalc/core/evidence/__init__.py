"""What an answer may carry beside itself: an explanation, a proof, judged claims and the mistakes behind wrong ones."""
