"""What a text says: products, order numbers, days, categories of personal data, and which common question it asks.

No rasa in here: the bot (Python 3.10, as `language`) and the actions (Python 3.13, as `bot.language`) both use it, so every
import inside is relative.
"""
