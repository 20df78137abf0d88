"""Where rules run."""
