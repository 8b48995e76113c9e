"""Plain values shared by every room: what goes in, what comes out, and pure functions on them."""
