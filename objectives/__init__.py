"""What is asked of a network: costs, latency and accuracy, each a function of its blocks."""
