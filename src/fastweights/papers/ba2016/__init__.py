"""Ba, Hinton, Mnih, Leibo & Ionescu 2016, Using fast weights to attend to the recent past."""

from fastweights.papers.ba2016.paper import Ba2016

__all__ = ["Ba2016"]
