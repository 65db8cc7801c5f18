"""How long a network takes: blocks, graphs, measuring, latency tables and latency models."""
