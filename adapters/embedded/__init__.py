"""Speech engines that run in this process and its children, without any service."""
