"""The monthly's sections, one file each: from the material to blocks."""
