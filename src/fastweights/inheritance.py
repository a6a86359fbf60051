"""Fast forms of a method are inherited only while the method is."""


def drop_outdated(cls: type, base: type, equations: tuple[str, ...], fast_forms: tuple[str, ...]) -> None:
    """Give `cls` the fast forms of `base` in place of those that come from a class before its equations.

    For `__init_subclass__`: a class that defines one of the `equations` anew, or a helper that they may call
    (a method with an underscore), or gets it from a mixin, would otherwise run a fast form of its parent's
    equations. What is defined together with them, or later, stays.
    """
    changed = {*equations, *_helpers(cls, base)} - {*fast_forms}
    newest = min(_place_of_definition(cls, name) for name in changed)
    for name in fast_forms:
        if _place_of_definition(cls, name) > newest:
            setattr(cls, name, vars(base)[name])


def _helpers(cls: type, base: type) -> set[str]:
    """The private methods and properties that the ancestors of `cls` define."""
    return {
        name
        for ancestor in cls.__mro__[1:]
        if issubclass(ancestor, base)
        for name, value in vars(ancestor).items()
        if name.startswith("_") and not name.startswith("__")
        if callable(value) or isinstance(value, property)
    }


def _place_of_definition(cls: type, name: str) -> int:
    """How many classes stand before the one whose `name` this class has."""
    return next(place for place, ancestor in enumerate(cls.__mro__) if name in vars(ancestor))
