"""What a comparison takes of a T4: computed from the code's own shapes, and checked on a card."""
