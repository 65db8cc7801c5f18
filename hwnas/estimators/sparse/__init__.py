"""Weights of choices that become exactly 0, and which choices are left."""
