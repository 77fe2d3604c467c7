"""How long a test waits for another process or thread before it says: this one hangs.

It is no measure of speed. On a machine with ten programs to a core, an interpreter alone takes ten
seconds to start.
"""

PATIENCE = 300  # seconds
