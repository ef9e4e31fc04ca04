"""JVS versions whole working folders. This package brings its command: `jvs`, or `python -m jvs`."""

from jvs._version import __version__

__all__ = ["__version__"]
