"""Charts as inline SVG: numbers in, elements out, coloured by the style sheet and so in both themes."""
