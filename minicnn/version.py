"""Which minicnn this is: shown to people, and written into every saved file."""

__version__ = "0.2.0.dev0"
