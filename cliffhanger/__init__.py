"""The program: the command line, and the wiring of the rooms."""
