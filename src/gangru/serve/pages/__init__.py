"""The pages, a file each: what is asked becomes what the template shows."""
