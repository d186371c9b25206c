"""From trained models to the neutralised factor."""
