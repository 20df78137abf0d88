"""How well rules and published methods find simulated thieves. No part of the package: nothing in `src` uses it."""
