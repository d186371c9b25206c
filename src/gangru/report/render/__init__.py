"""Renderings of the monthly's contents, one file each."""
