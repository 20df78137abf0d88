"""What pages that Coincide writes have in common: offline, in one file, hostile text made harmless, one look."""
