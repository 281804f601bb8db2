"""Naming the mistake behind a wrong answer: one table a command, one engine."""
