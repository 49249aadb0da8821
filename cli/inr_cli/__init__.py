"""The command line: each command parses, calls the library and shows. No defaults and no logic of its own."""
