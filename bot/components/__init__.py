"""The only code that imports rasa: pipeline components and the bounded tracker store."""
