"""The sentence encoder: what a text means as 384 numbers. It needs the bot's own packages and no rasa."""
