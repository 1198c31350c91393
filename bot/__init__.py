"""What the assistant understands: a Rasa 3.6 project. Seen from the repository's root only `bot.language` and `bot.prepare` are Python."""
