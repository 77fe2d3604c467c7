"""The arena: minicnn and its opponents do equal work, in turns, in one run.

Read in this order: ``workloads`` (what is done), ``accounting`` (how much arithmetic that
is), ``opponents/`` (who does it), ``channel`` and ``worker`` (how the two processes talk),
``gate`` (do all compute the same?), ``turns`` (the timing), ``runner`` (what is run),
``ratios``, ``report`` and ``plots`` (what came of it).
"""
