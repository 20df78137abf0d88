"""Alerts: what a scan found, how it changes, what a person decided."""
