"""Every error that polyae raises on purpose.

All of them derive from :class:`PolyaeError`, so one ``except`` catches what the
library has to say; each also derives from the built-in that a caller would expect
(``ValueError``, ``TypeError``, ``OSError``).  A message names the offender and what to do.
"""

from __future__ import annotations

__all__ = [
    "CertificateError",
    "DataError",
    "DomainError",
    "FileFormatError",
    "JobTooLargeError",
    "NetworkError",
    "OutsideDomainError",
    "PolyaeError",
    "SettingError",
    "ShapeError",
    "SolverError",
    "UnboundedDomainError",
    "UnsupportedLayerError",
]


class PolyaeError(Exception):
    """Base class of all errors raised by polyae."""


class NetworkError(PolyaeError, ValueError):
    """The network cannot be analysed: non-finite weights, no layers, inconsistent widths."""


class UnsupportedLayerError(NetworkError, TypeError):
    """A layer is not piecewise linear, or not one that polyae reads yet."""


class ShapeError(PolyaeError, ValueError):
    """An array argument has the wrong shape."""


class DomainError(PolyaeError, ValueError):
    """A domain is empty, flat or malformed."""


class UnboundedDomainError(DomainError):
    """A bounded domain is needed and the one given is unbounded."""


class OutsideDomainError(DomainError):
    """A point that must lie in the domain does not."""


class FileFormatError(PolyaeError, OSError):
    """A file is missing, truncated or not in the format that its name promises."""


class DataError(PolyaeError, ValueError):
    """A data set is missing, malformed or does not fit the request."""


class JobTooLargeError(PolyaeError, ValueError):
    """The job as asked exceeds what the method can do; the message says what to change."""


class CertificateError(PolyaeError, ValueError):
    """A complex cannot be certified, or its certificate was refused."""


class SettingError(PolyaeError, ValueError):
    """An option has a value outside its range, or contradicts another one."""


class SolverError(PolyaeError, RuntimeError):
    """A linear or quadratic program ended without an answer."""
