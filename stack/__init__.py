"""The same shop without containers: every server as a package, run and watched by `pgshop up`."""
