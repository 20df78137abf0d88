"""Rule packs: versioned sets of rules with the catalog and the lists they need, as data."""
