"""Many visitors at once: the app as a shared server, on the small base, with real clients."""
