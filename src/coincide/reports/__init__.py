"""Reports on one's own duty or initiative: drafted from an alert, for a person to complete."""
