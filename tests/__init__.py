"""The suite's own tests, 1:1 with the modules of the packages."""
