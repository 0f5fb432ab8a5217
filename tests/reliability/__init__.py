"""What callers hear and records hold when something goes wrong, fault by fault."""
