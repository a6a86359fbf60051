"""Fast forms of a method are inherited only while the method is."""


def drop_outdated(cls: type, base: type, equations: tuple[str, ...], fast_forms: tuple[str, ...]) -> None:
    """Give `cls` the fast forms of `base` in place of those that come from a class before its equations.

    For `__init_subclass__`: a class that defines one of the `equations` anew, or gets it from a mixin, would
    otherwise run a fast form of its parent's equations. What is defined together with them, or later, stays.
    """
    newest = min(_place_of_definition(cls, name) for name in equations)
    for name in fast_forms:
        if _place_of_definition(cls, name) > newest:
            setattr(cls, name, vars(base)[name])


def _place_of_definition(cls: type, name: str) -> int:
    """How many classes stand before the one whose `name` this class has."""
    return next(place for place, ancestor in enumerate(cls.__mro__) if name in vars(ancestor))
