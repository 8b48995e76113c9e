"""Errors whose message is one sentence meant for the person who caused them."""


class VlmscopeError(Exception):
    """What was wrong, with which value, and the way out, in one sentence."""


class InputError(VlmscopeError, ValueError):
    """An input (image, question, variant, option) that cannot be used."""


class BaseError(VlmscopeError, ValueError):
    """A base model that is missing or unfit."""


class CheckpointError(VlmscopeError, ValueError):
    """A checkpoint that cannot be read, or does not fit."""


class VariantError(VlmscopeError, RuntimeError):
    """A variant that failed while running."""
