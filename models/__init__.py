"""How offers are ranked and explained: features, ranker, Shapley values, reasons, slates, fairness, evaluation."""
