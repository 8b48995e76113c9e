"""What the app itself costs: its engine gives stored events, so that all the rest is the app's."""
