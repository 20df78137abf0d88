"""Duties to report, as data: grounds, fields, deadlines and notice; each with article, source and date checked."""
