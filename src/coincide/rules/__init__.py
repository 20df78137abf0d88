"""The rule language: document, rule, expression, parse, check, plan (the only meaning), explain, schema."""
