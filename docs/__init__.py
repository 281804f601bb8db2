"""The pages of the documentation, and the script that writes those that repeat the code."""
