"""Written conversations, held with any brain and checked: what was done, said, and how soon."""
