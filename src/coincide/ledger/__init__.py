"""What was done, unalterably: a Merkle log in published formats, checkable by people who do not trust us."""
