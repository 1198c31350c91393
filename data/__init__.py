"""What the shop knows: tables, consent, orders, catalogue, conversations, handoffs, audit, importers."""
