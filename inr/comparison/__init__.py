"""Pictures, methods and a budget -> who is ahead: runs, a table, a page."""
