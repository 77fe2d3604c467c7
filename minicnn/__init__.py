"""minicnn: a convolutional-network library to read like a textbook and run like a framework."""

__version__ = "0.1.0"
