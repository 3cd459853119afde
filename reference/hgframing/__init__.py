"""The frame protocol of Mercurial, sans-I/O."""

__version__ = "0.1.0"
