"""A portfolio that could have been traded: whom it aims at, what is filled, and what the account is worth."""
