"""What `rules check` and `rules test` found, as other programs read it: one file for each format."""
