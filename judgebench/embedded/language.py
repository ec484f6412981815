"""Is a text English? By its letters and its function words; what says nothing of its language counts as English.

A language's most frequent words are a tenth to a half of any running text, and English has next to none of another's
(those that it shares with English are left out). Lists, code and numbers have neither, and say nothing.
"""

import re
from collections import Counter
from functools import lru_cache

NOT_ENGLISH = "not_english"  # the error of a row for that reason
_FOREIGN_LETTERS = 0.3  # of the letters, from which a text is not in Latin script
_FEWEST, _SHARE = 3, 0.1  # function words of another language: so many, and this share of the words
_LATIN = re.compile(r"[A-Za-z\u00c0-\u02ff\u1e00-\u1eff]+")
_OTHER = re.compile(r"(?:(?![A-Za-z\u00c0-\u02ff\u1e00-\u1eff])[^\W\d_]){2,}")  # one alone may be a sign in a formula
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_NO_PROSE = re.compile(r"```.*?(?:```|\Z)|\S*[@/]\S*|\w+\.\w\S*", re.DOTALL)  # code, addresses
_READ = 2000  # characters from the beginning: a text has its language from its first sentences on
_ENGLISH_WORDS = (
    "the of and to a in is that it for on with as was are be this by at from or an have not you i we they he she his"
    " her its their which can will would has had been there what when where who how if your our my but all more about"
    " than also into such these those some do does did should could may might one out up so no"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_OTHERS = {
    "Spanish": "el la los las de que y en un una es por con para del se lo como su al pero sus le ya o este si porque"
    " esta entre cuando muy sin sobre ser tiene hay donde quien desde todo",
    "Portuguese": "o os as de que e em um uma do da dos das para com não por mais como mas foi ao ele se na no ser"
    " muito são também seu sua ou quando nos já está pelo pela você",
    "French": "le la les de des du et en un une est que qui dans pour pas sur au aux avec ce cette il elle sont par"
    " plus ne se mais ou nous vous leur être ont c'est d'un d'une l'on qu'il",
    "Italian": "il lo la gli le di che e un una è per con del della dei delle non si da al sono come più anche"
    " nel nella questo questa ma ha ci l'ho alla essere",
    "Romanian": "și de la în cu pe un o este care nu să din pentru mai ce se au fi sunt ca prin al ale",
    "Catalan": "el la els les de que i en un una és per amb del dels no es al com més però aquest aquesta són",
    "German": "der die das und ist nicht ein eine zu den von mit sich des auf für im dem auch es an werden aus er sie"
    " nach bei einer um noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch wird ich wir",
    "Dutch": "de het een en van is dat op te voor niet zijn met aan er om ook als dan maar bij nog wordt uit naar deze"
    " worden heeft kan meer geen je ik",
    "Swedish": "och att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när"
    " eller ska också du",
    "Danish or Norwegian": "og i det at en den til er som på de med for av ikke der var et han har jeg om vi kan men"
    " skal fra eller også seg sig blir bliver ble blev etter efter",
    "Finnish": "ja on ei se että hän oli mutta joka kun niin ovat myös tai jos mitä kuin sen voi ole",
    "Polish": "i w na z do się nie że jest to jak po od za przez dla są oraz czy ale tego który która być może lub",
    "Czech or Slovak": "a je na se v že to s z do pro jako by jsou ale si nebo jeho které který sa som sú pre ako",
    "Hungarian": "a az és hogy nem is egy ez meg de csak már volt van mint ha vagy lehet ki el kell",
    "Turkish": "ve bir bu için ile de da olarak daha çok gibi olan ne kadar sonra en var değil ya her",
    "Indonesian or Malay": "yang dan di untuk dengan dari ini itu adalah tidak pada dalam akan ke saya anda atau bisa"
    " dapat oleh juga sebagai kami mereka telah",
    "Tagalog": "ang ng mga sa na ay at para kung ito hindi siya ko ka mo kami niya may",
    "Swahili": "ya wa na kwa katika ni za la cha kama hii au pia watu sana hivyo",
    "Vietnamese": "và của là có các cho không được một trong người những với này để khi đã từ bạn",
    "Croatian or Serbian": "je i u na se da za su od ne koji to kao ili što bi iz ali",
    "Lithuanian": "ir kad yra su į iš kaip bet arba tai buvo jis labai",
    "Estonian": "ja on ei et see ta kui oli mis ka või ning aga",
}
_LANGUAGES_OF = {
    word: [name for name, words in _OTHERS.items() if word in words.split()]
    for word in {word for words in _OTHERS.values() for word in words.split()} - _ENGLISH
    if len(word) > 1  # a letter alone is a variable
}


@lru_cache(maxsize=1 << 14)
def other_language(text: str) -> str | None:
    """What a text is in where that isn't English: a language, or `another script`; None where it is or says nothing."""
    prose = _NO_PROSE.sub(" ", text[:_READ])
    if not prose.isascii() and _share_of_others(prose) > _FOREIGN_LETTERS:
        return "another script"
    words = Counter(_WORD.findall(prose))  # as written: a name may begin with La or De
    found: Counter[str] = Counter()
    for word in words.keys() & _LANGUAGES_OF.keys():
        found.update(dict.fromkeys(_LANGUAGES_OF[word], words[word]))
    if not found:
        return None
    name, most = max(found.items(), key=lambda one: (one[1], one[0]))
    english = sum(number for word, number in words.items() if word.lower() in _ENGLISH)
    enough = most >= max(_FEWEST, _SHARE * words.total())
    return name if enough and most > english else None


def _share_of_others(prose: str) -> float:
    other, latin = (sum(map(len, letters.findall(prose))) for letters in (_OTHER, _LATIN))
    return other / max(other + latin, 1)
