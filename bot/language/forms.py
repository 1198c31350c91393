"""The forms of a name: singular and plural, "&" and "and", and the words of another country. Nothing is learned or loaded."""

import re

# The same thing in the words of another country; read both ways.
_ELSEWHERE = [
    ("yogurt", "yoghurt"), ("potato chips", "crisps"), ("diapers", "nappies"), ("cookies", "biscuits"), ("candy", "sweets"),
    ("soft drinks", "soda"), ("soft drinks", "fizzy drinks"), ("toilet paper", "loo roll"), ("toilet paper", "toilet rolls"),
    ("ground beef", "minced beef"), ("shrimp", "prawns"), ("eggplant", "aubergine"), ("zucchini", "courgette"), ("soda", "pop"),
    ("laundry detergent", "washing powder"), ("oat milk", "oat drink"), ("cilantro", "coriander"), ("arugula", "rocket"),
    ("french fries", "frozen chips"), ("paper towels", "kitchen roll"), ("trash bags", "bin bags"), ("flavored", "flavoured"),
    ("donuts", "doughnuts"), ("cereal", "cereals"), ("tomato sauce", "passata"), ("powdered sugar", "icing sugar"), ("beets", "beetroot"),
    ("rutabaga", "swede"), ("green onions", "spring onions"), ("green onions", "scallions"), ("molasses", "treacle"), ("heavy cream", "double cream"), ("jelly", "jam"),
    ("pacifiers", "dummies"), ("band-aids", "plasters"), ("bandages", "plasters"), ("flashlights", "torches"), ("gasoline", "petrol"),
    ("popsicles", "ice lollies"), ("cotton candy", "candy floss"), ("dish soap", "washing up liquid"), ("ketchup", "tomato ketchup"),
]  # fmt: skip


def list_forms(title: str) -> set[str]:
    """A title in singular and plural, lower case, "&" also as "and", and in the words of another country."""
    plain = " ".join(re.sub(r"[^\w\s&'-]", " ", title.lower()).split())
    if not plain:
        return set()
    bases = {plain, " ".join(plain.replace("&", " and ").split())}
    for here, there in _ELSEWHERE:
        for a, b in ((here, there), (there, here)):
            bases |= {re.sub(rf"\b{a}\b", b, base) for base in bases if re.search(rf"\b{a}\b", base)}
    forms = set(bases)
    for base in bases:
        head, _, last = base.rpartition(" ")
        forms |= {f"{head} {word}".strip() for word in list_word_forms(last)}
    return {form for form in forms if len(form) >= 2}


def list_word_forms(word: str) -> set[str]:
    """A word with its singular and its plural, by the regular endings; a wrong guess is a word that nobody writes."""
    forms = {word}
    if not word.isalpha() or len(word) < 3:
        return forms
    if word.endswith("ies") and len(word) > 4:
        forms |= {word[:-3] + "y", word[:-1]}
    elif word.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
        forms |= {word[:-2], word[:-1]}
    elif word.endswith("ves"):
        forms |= {word[:-3] + "f", word[:-3] + "fe", word[:-1]}
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        forms.add(word[:-1])
    elif word.endswith("y") and word[-2] not in "aeiou":
        forms.add(word[:-1] + "ies")
    elif word.endswith(("s", "sh", "ch", "x", "z", "o")):
        forms |= {word + "es", word + "s"} if word.endswith("o") else {word + "es"}
    elif word.endswith("f"):
        forms |= {word[:-1] + "ves", word + "s"}
    else:
        forms.add(word + "s")
    return forms
