"""Blocks and networks: what they are, their ONNX graphs, their PyTorch modules, their precision."""
