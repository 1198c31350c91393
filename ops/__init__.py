"""How it is set up and kept running: environments, steps, supervisor. Standard library only, since it runs before anything is installed."""
