"""The only code that imports rasa: pipeline components and the bounded tracker store."""

MENDED = "mended_text"  # under this name a message carries its text with the spelling mended
SLIPPED = "slipped"  # a copy of a training message with slips of the finger: to learn intents from, not words
