"""Where graphs run: devices, their transports and runtimes, and the agent that times graphs."""
