"""A verdict read from a reply (its text, its JSON, its tokens' probabilities), or computed from a reference; pure."""
