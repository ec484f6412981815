"""What a model or a file could bring to harm a site: texts, names, and workspaces full of them."""
