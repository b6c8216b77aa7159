"""Parts of the command line: `terminal` (errors, help, paths, streams, Ctrl-C), shell `completion`, `options`."""
