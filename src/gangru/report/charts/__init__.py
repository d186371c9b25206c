"""The monthly's charts: from a figure's table to Vega-Lite specifications; nothing is drawn here."""
