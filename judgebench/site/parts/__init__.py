"""What pages are made of: tables, charts and pieces of them, each about one thing."""
