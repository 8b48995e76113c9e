"""Checkpoints of heads: what they say of themselves, whether they fit, and loading them."""

from vlmscope.checkpoints.check import Check, check_checkpoint
from vlmscope.checkpoints.head import LoadedHead, load_head
from vlmscope.checkpoints.peek import discover, peek
from vlmscope.checkpoints.record import Checkpoint

__all__ = ["Check", "Checkpoint", "LoadedHead", "check_checkpoint", "discover", "load_head", "peek"]
