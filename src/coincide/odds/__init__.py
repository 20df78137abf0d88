"""What ordinary behaviour gives: how odd it is that a rule matches, as a property of the rule and a log, never of a
person. DESIGN, section 8.

Counts, the same purchases dealt out again, made-up rules beside it, intervals, and what a person will read; pure
functions of arrays, with seeds as arguments. ``backtest`` puts them together.
"""
