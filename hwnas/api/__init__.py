"""What `import hwnas` offers, on top of every other room."""
