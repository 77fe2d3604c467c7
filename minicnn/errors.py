"""Every error that a user can cause (words that everyone uses).

One rule: a message is one sentence, ``who: expected what, got what; what to do``, and each class is
also the built-in exception that it refines, so ``except ValueError`` keeps working for people who
have never heard of minicnn.
"""


class MinicnnError(Exception):
    """The root: ``except mc.MinicnnError`` catches whatever a user can cause."""


class ShapeError(MinicnnError, ValueError):
    """An array has the wrong shape for the place it was given to."""


class DtypeError(MinicnnError, TypeError):
    """An array holds the wrong kind of numbers."""


class ConfigError(MinicnnError, ValueError):
    """An argument of a layer, a loss, an optimizer or a model makes no sense."""


class NoSuchLayerError(ConfigError, IndexError):
    """A container was asked for a layer that it does not hold."""


class LabelError(MinicnnError, ValueError):
    """Labels do not fit the loss or the number of classes."""


class NotFiniteError(MinicnnError, ArithmeticError):
    """NaN or infinity where a number was needed."""


class NotBuiltError(MinicnnError, RuntimeError):
    """A layer or a model was used before its input shape was known."""


class NotCompiledError(MinicnnError, RuntimeError):
    """A model was trained or evaluated before ``compile``."""


class BusyError(MinicnnError, RuntimeError):
    """A model was to be trained, or compiled anew, while it is being trained."""


class GradientError(MinicnnError, AssertionError):
    """A gradient written by hand disagrees with the numerical one."""


class ConformanceError(MinicnnError, AssertionError):
    """A layer breaks a promise that every layer makes (see ``minicnn.testing``)."""


class BackendError(MinicnnError, RuntimeError):
    """No such backend, none installed, or arrays of two devices mixed."""


class DataError(MinicnnError, ValueError):
    """Pictures or labels that cannot be used."""


class SavingError(MinicnnError, OSError):
    """A model file that cannot be written, read, or trusted."""


class MissingPackageError(MinicnnError, ImportError):
    """A package that does what was asked for is not installed."""


class KinkError(MinicnnError, ArithmeticError):
    """A gradient check stood on a kink, where there is no derivative to compare with."""


class UnprovableError(MinicnnError, ArithmeticError):
    """A gradient check stood where float64's rounding hides the gradient: no proof either way."""
