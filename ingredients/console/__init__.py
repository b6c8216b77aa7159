"""Parts of the command line: `terminal`, shell `completion`, `options`."""
