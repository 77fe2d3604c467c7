"""``Sequential``: the network that people use."""

from minicnn.model.loading import load_model
from minicnn.model.sequential import Sequential
from minicnn.model.summary import Row, Summary, summarize

__all__ = ["Row", "Sequential", "Summary", "load_model", "summarize"]
