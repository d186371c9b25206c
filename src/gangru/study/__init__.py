"""The stages as successive calls, and the workspace they act on."""
