"""All grades together on feature planes, error and bits in one loss."""
