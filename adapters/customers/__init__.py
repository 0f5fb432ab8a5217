"""The bank's records behind `core.bank.CustomerStore`: SQLite or Cosmos DB, seeded for practice."""

from adapters.customers.cosmos import CosmosCustomers
from adapters.customers.sqlite import SqliteCustomers

__all__ = ["CosmosCustomers", "SqliteCustomers"]
