"""What `make bench-understanding` needs for the spaCy pipeline: the vectors of a spaCy model that has no table of word vectors.

Rasa's SpacyFeaturizer adds nothing then. The small model's own layer (tok2vec, 96 numbers a token, read in its context) gives each
token a vector all the same; here they are taken as SpacyFeaturizer takes those of a table, their mean for the sentence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.spacy_featurizer import SpacyFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ContextFeaturizer(SpacyFeaturizer):
    """SpacyFeaturizer that asks for no table of vectors."""

    def _set_spacy_features(self, message: Message, attribute: str = TEXT) -> None:
        document: Any = self._get_doc(message, attribute)
        if document is not None and len(document):
            sentence = self.aggregate_sequence_features(self._features_for_doc(document), self.pooling_operation)
            message.add_features(
                Features(np.asarray(sentence), FEATURE_TYPE_SENTENCE, attribute, self._config[FEATURIZER_CLASS_ALIAS])
            )
