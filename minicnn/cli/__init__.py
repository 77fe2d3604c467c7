"""What a person types: the command ``minicnn``, a file for each of its words."""

from minicnn.cli.command_line import main

__all__ = ["main"]
