"""Where people meet it: the public gateway, the chat widget, the privacy centre, the staff console."""
