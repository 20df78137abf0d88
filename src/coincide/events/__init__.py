"""Events coming in: the contract of fields, sources and their mappings, the four ends of a row, quarantine."""
