"""Pictures and signals -> their frequencies: rings, bandwidth, relative errors."""
