"""Which language a text is in, so that a screen reader doesn't read it by the rules of the page's English. Pure."""

import re
from collections import Counter

_LOOKED_AT = 300  # characters; more than an excerpt would only cost time
_SCRIPTS = {  # a script that one language writes, or else the script itself with the language left open (BCP 47)
    "ja": "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "und-Cyrl": "\u0400-\u052f",
    "und-Arab": "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "he": "\u0590-\u05ff\ufb1d-\ufb4f",
    "th": "\u0e00-\u0e7f",
    "und-Deva": "\u0900-\u097f",
    "hy": "\u0530-\u058f",
    "ka": "\u10a0-\u10ff",
    "bn": "\u0980-\u09ff",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
}
_SCRIPT = re.compile("|".join(f"([{letters}])" for letters in _SCRIPTS.values()))
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_FREQUENT = {
    "en": "the and of to is in that it for with you are what how do does this can your on as an be",
    "de": "der die das und ist nicht ein eine mit zu auf den wie",
    "fr": "le la les et est des une dans pour que du vous",
    "es": "el la los y es una que en por con las qué",
    "it": "il di che è un per una sono con del gli",
    "pt": "o de que e do da em um para não uma os",
    "nl": "de het een en van dat niet met op zijn voor",
}
_LANGUAGES: dict[str, list[str]] = {}
for _name, _words in _FREQUENT.items():
    for _word in _words.split():
        _LANGUAGES.setdefault(_word, []).append(_name)
_LEAST = 0.3  # of the letters, so that a name in another script doesn't decide
_WORDS = 0.08  # of the words


def language(text: str) -> str:
    """The BCP 47 tag of a text's language, by its script or its frequent words; "" where neither tells."""
    looked_at = text[:_LOOKED_AT]
    return ("" if looked_at.isascii() else _by_script(looked_at)) or _by_words(looked_at)


def _by_script(text: str) -> str:
    found = Counter(list(_SCRIPTS)[match.lastindex - 1] for match in _SCRIPT.finditer(text) if match.lastindex)
    letters = len(_LETTER.findall(text))
    if not found or sum(found.values()) < _LEAST * letters:
        return ""
    if found["ja"] and found["ja"] + found["zh"] > found["ko"]:  # Japanese mixes kana with Han characters
        return "ja" if found["ja"] * 10 >= found["zh"] else "zh"
    return found.most_common(1)[0][0]


def _by_words(text: str) -> str:
    words = _WORD.findall(text.lower())
    found = Counter(name for word in words for name in _LANGUAGES.get(word, ()))
    ranked = found.most_common(2)
    if not ranked or ranked[0][1] < max(2, _WORDS * len(words)):
        return ""
    return "" if len(ranked) > 1 and ranked[1][1] == ranked[0][1] else ranked[0][0]
