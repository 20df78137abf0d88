"""What Coincide keeps: database session, tables, segments, failpoints."""
