"""Pictures and models -> numbers."""
