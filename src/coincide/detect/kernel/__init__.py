"""One pure function per rule kind: (condition, ordered observations) -> hits."""
