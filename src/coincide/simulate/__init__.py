"""Made-up logs to try, test and measure on: what is simulated is called so everywhere."""
