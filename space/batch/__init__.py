"""Many cases at once: asked for, run in their own time, shown as they come."""
