"""What the assistant does: a rasa-sdk action server. Glue only: one file a topic; the work is in data, models and bot.language."""
