"""Which minicnn this is (floor 0): shown to people, and written into every saved file."""

__version__ = "0.1.0"
