"""A living world to click through, made by the product itself, with troubles in it whose truth is sealed beside it."""
