"""The meaning of rules: select, evaluate, kernel, evidence, episodes. No input or output here."""
