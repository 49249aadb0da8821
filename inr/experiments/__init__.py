"""The papers' own experiments, each by one command: data and settings in, tables and figures out."""
