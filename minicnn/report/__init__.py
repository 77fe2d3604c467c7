"""A training run as one page to look at: a file of HTML that needs nothing else.

``callback`` decides when it is written, ``page`` puts it together from its sections, and
``markup`` sees to it that no name of a class or a file can ever become a tag.
"""

from minicnn.report.callback import Report

__all__ = ["Report"]
