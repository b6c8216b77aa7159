"""Memories, one stacked tensor program each: `gru`."""
