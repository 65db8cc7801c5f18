"""The version of hwnas: the one place for its number."""

VERSION = "0.1.0"
