"""The front door in Python: what `import hwnas` offers."""
