"""Image and configuration -> fitted model."""
