"""The command line: one module per command, one for domains, one for what is printed."""
