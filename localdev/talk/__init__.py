"""A call in text: what the relay runs, without ears, voice and telephone."""
