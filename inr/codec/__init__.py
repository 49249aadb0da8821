"""Model <-> `.inr` file: container, number format, header."""
