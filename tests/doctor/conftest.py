"""The hotel of the tests of the stack external."""

from tests.external_stack.conftest import hotel

__all__ = ["hotel"]
