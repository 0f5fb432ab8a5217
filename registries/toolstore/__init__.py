"""One module per domain; every module here is imported, and what it registers is a tool."""
