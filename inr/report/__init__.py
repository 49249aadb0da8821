"""Results -> what a person keeps: pictures, model file, report."""
