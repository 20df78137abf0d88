"""Made-up logs to try, test and measure on."""
