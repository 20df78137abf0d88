"""Coincide: normal apart, alarming together; or only a coincidence?"""

__version__ = "0.1.0"
