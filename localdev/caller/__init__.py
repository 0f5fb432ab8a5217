"""A caller on this laptop: speaks lines as audio into the simulated telephone network."""
