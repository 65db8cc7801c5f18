"""What docs/benchmarks.md quotes: each prints one JSON object as its last line."""
