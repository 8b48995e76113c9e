"""Running variants over one shared base."""
