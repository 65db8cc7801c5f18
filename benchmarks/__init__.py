"""What docs/benchmarks/ quotes: each prints one JSON object as its last line."""
