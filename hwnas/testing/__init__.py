"""Contract suites: what parts of one's own are held to, in the words of pytest.

A test file of your package subclasses one of them and names the part; see `examples/plugins`.
"""
