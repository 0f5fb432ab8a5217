"""The bank's records behind `core.bank.CustomerStore`: one SQLite file, seeded for practice."""

from adapters.customers.store import SqliteCustomers

__all__ = ["SqliteCustomers"]
