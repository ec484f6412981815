"""How the site looks: figures, colours, and a workspace's own theme."""
