"""Questions about long texts, made to any length: is what was read found again? Pure and seeded.

Line retrieval asks for the number on one line of a long register, topic retrieval for one topic of a long record of
a conversation, after the two tasks of LongEval (LMSYS, 2023), in words of our own. Lengths are in words between
white space, the question included; how many tokens a word is depends on the tokenizer, and a line's words are longer.

The same arguments give the same questions on every version of Python, and a larger `count` adds questions to those of
a smaller one. The places asked for are spread evenly over the text, however many questions there are.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle

from judgebench.errors import UsageError
from judgebench.question_sets.sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Question

VERSION = "1.0.0"  # of the sets; what is asked changes only with the major number
MIN_WORDS, MAX_WORDS = 300, 1_000_000
MAX_TOKENS = 64  # a number or a few words, and what a model can't help saying around it
_MIN_TOPICS, _MAX_TOPICS = 3, 20  # a place has to have a name and be found by counting
_WORDS_PER_TOPIC = 150
_GOLDEN = 0.6180339887498949  # its multiples, modulo 1, are spread evenly however many one takes


def _listed(text: str, separator: str | None = None) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(separator))


_SIZES = _listed("""
tiny small little narrow slim broad wide tall short long heavy light solid hollow thick thin round square
flat curved smooth rough plain fancy old new early late quick slow calm brisk quiet loud gentle stern bold shy proud
humble bright dim pale dark warm cool dry damp sharp blunt sweet sour loose tight brave timid""")
_SUBSTANCES = _listed("""
amber copper silver golden iron bronze marble granite velvet cotton woollen linen paper glass crystal
wooden oaken cedar maple willow bamboo ivory pearl coral jade ruby emerald sapphire scarlet crimson orange lemon olive
mint teal azure indigo violet purple pink brown grey white black sandy snowy rainy sunny misty stormy frozen dusty
mossy leafy rusty polished painted striped dotted woven""")
_THINGS = _listed("""
otter falcon badger heron rabbit beaver walrus lizard turtle sparrow dolphin panther hamster pigeon
lobster cricket beetle donkey camel giraffe lantern kettle hammer anchor basket bottle ladder mirror needle pillow
saddle trumpet violin wagon window bridge castle cottage garden harbour island meadow mountain orchard river valley
village tunnel tower temple button carpet candle curtain drawer feather helmet jacket ribbon sandal""")

_LINE = "The seal on the {name} crate bears the number {seal}.\n"
_REGISTER = (
    "Below is the register of a warehouse: each line names one crate and the number on its seal. Read all of it; "
    "the question comes at the end.\n\n"
)
_ASK_LINE = (
    "\nEnd of the register.\n\n"
    "Which number does the seal on the {name} crate bear? Reply with the number alone, in digits."
)

# No topic's name is part of another's, and none takes an article: an answer can only be given in one way.
_TOPICS = _listed(
    """bread baking; coral reefs; chess openings; solar panels; folk dancing; steam engines; desert travel;
bird migration; opera singing; city planning; volcano research; stamp collecting; marathon training; cheese making;
ocean tides; mountain rescue; jazz improvisation; sign languages; glass blowing; lunar eclipses; vegetable gardening;
medieval castles; bicycle repair; silent films; whale songs; map drawing; tea ceremonies; bridge construction;
mushroom foraging; ancient coins; puppet theatre; weather forecasting; river rafting; watch repair; honey harvesting;
paper folding; cave paintings; lighthouse keeping; rice farming; sled dogs; organ music; fire fighting; wool spinning;
submarine cables; crossword puzzles; wedding customs; school lunches; railway timetables; ice hockey; perfume blending;
horse breeding; night markets; public libraries; kite flying; pottery glazing; space telescopes; salt mining;
street lighting; fencing tournaments; dream diaries""",
    ";",
)
_RECORD = (
    "Below is the record of a long conversation between a user and an assistant. The user brings up one topic after "
    "another, and announces each new one. Read all of it; the question comes at the end.\n"
)
_OPENING = (
    "\nUSER: Here is a new topic: {topic}. I would like to hear your thoughts on it.\n"
    "ASSISTANT: Gladly. There is a lot to say about {topic}, so ask whatever comes to mind.\n"
)
_ASK_TOPIC = (
    "\nEnd of the record.\n\nWhich topic did the user bring up {ordinal}? Reply with the topic alone, in the words in "
    "which the user announced it."
)
_ORDINALS = _listed("""
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""")
_ASPECTS = _listed(
    """how it all began; what it costs;
which mistakes are common; what a beginner needs; which tools matter most;
how long it takes to learn; what has changed lately; why people care about it; where it is most popular;
what experts disagree about; how children take to it; what the weather has to do with it; which books are worth reading;
how safe it is; what could be done better; what outsiders misunderstand; who pays for it; what it asks of the body;
how it is taught; what comes next""",
    ";",
)
_QUESTIONS = (
    "When it comes to {topic}, I keep wondering {aspect}.",
    "Could you tell me {aspect}, as far as {topic} goes?",
    "A friend of mine asked me {aspect}. What would you say?",
    "I have read a little about {topic}, but not {aspect}.",
)
_REPLIES = (
    "That is a fair question. Most people with an interest in {topic} would give you a different answer each time.",
    "It depends on whom you ask. I would start small, look closely, and write down what surprises you.",
    "There is no short answer. With {topic}, patience counts for more than talent, and good company helps.",
    "Opinions differ. The careful ones say that it takes a few years before anybody can really tell.",
    "I would not worry about that too much. It becomes clear once you have spent a week or two with it.",
)


def long_context_set(name: str, words: Sequence[int], count: int, seed: int) -> QuestionSet:
    """A question set with `count` questions of each kind for each length: categories lines-2000, topics-2000, ..."""
    lengths = sorted(set(words))
    if not lengths:
        raise UsageError("a long-context set needs a length in words")
    categories = {key: category for length in lengths for key, category in _categories(length)}
    questions = [
        question
        for length in lengths
        for question in (*line_retrieval(length, count, seed), *topic_retrieval(length, count, seed))
    ]
    description = f"Retrieval from texts of {', '.join(map(str, lengths))} words, {count} of a kind, seed {seed}."
    head = SetHead(name, VERSION, "Apache-2.0", "en", description=description, categories=categories)
    return QuestionSet(head, tuple(questions))


def line_retrieval(words: int, count: int, seed: int) -> list[Question]:
    """Registers of about `words` words, and one line of each to find; the reference is its number."""
    return [_line_question(words, seed, index) for index in _indices(words, count)]


def topic_retrieval(words: int, count: int, seed: int) -> list[Question]:
    """Records of about `words` words of a conversation, and a topic to find by its place; the reference is its name."""
    return [_topic_question(words, seed, index) for index in _indices(words, count)]


def _indices(words: int, count: int) -> range:
    if not MIN_WORDS <= words <= MAX_WORDS:
        raise UsageError(f"no text of {words} words: give a length from {MIN_WORDS} to {MAX_WORDS}")
    if count < 1:
        raise UsageError(f"no {count} questions: give at least 1")
    return range(count)


def _categories(words: int) -> Iterator[tuple[str, Category]]:
    common = Category(temperature=0.0, max_tokens=MAX_TOKENS, needs_reference=True)
    yield f"lines-{words}", replace(common, title=f"Line retrieval, {words} words", scorer="numeric")
    yield f"topics-{words}", replace(common, title=f"Topic retrieval, {words} words", scorer="exact")


def _line_question(words: int, seed: int, index: int) -> Question:
    draw = _Draw("lines", words, seed, index)
    lines = (words - _length(_REGISTER + _ASK_LINE)) // _length(_LINE)
    names = [_name(number) for number in draw.distinct(lines, len(_SIZES) * len(_SUBSTANCES) * len(_THINGS))]
    seals = [str(100_000 + number) for number in draw.distinct(lines, 900_000)]
    place = _place("lines", words, seed, index, lines)
    register = "".join(_LINE.format(name=name, seal=seal) for name, seal in zip(names, seals, strict=True))
    text = _REGISTER + register + _ASK_LINE.format(name=names[place])
    about = {"words": words, "place": place + 1, "places": lines}
    return _question("lines", seed, index, text, seals[place], about)


def _name(number: int) -> str:
    rest, thing = divmod(number, len(_THINGS))
    size, substance = divmod(rest, len(_SUBSTANCES))
    return f"{_SIZES[size]}-{_SUBSTANCES[substance]}-{_THINGS[thing]}"


def _topic_question(words: int, seed: int, index: int) -> Question:
    draw = _Draw("topics", words, seed, index)
    amount = max(_MIN_TOPICS, min(_MAX_TOPICS, words // _WORDS_PER_TOPIC))
    topics = [_TOPICS[number] for number in draw.distinct(amount, len(_TOPICS))]
    place = _place("topics", words, seed, index, amount)
    text = _RECORD + _talks(topics, words - _length(_RECORD + _ASK_TOPIC), draw)
    text += _ASK_TOPIC.format(ordinal=_ORDINALS[place])
    about = {"words": words, "place": place + 1, "places": amount}
    return _question("topics", seed, index, text, topics[place], about)


def _talks(topics: Sequence[str], words: int, draw: "_Draw") -> str:
    """A part for each topic, all of much the same length; what one is too long or too short, the next makes up for."""
    parts: list[str] = []
    written = 0
    for number, topic in enumerate(topics, start=1):
        parts.append(_talk(topic, words * number // len(topics) - written, draw))
        written += _length(parts[-1])
    return "".join(parts)


def _talk(topic: str, words: int, draw: "_Draw") -> str:
    """What is said about one topic: no exchange twice before every one was had, and the length as near as may be."""
    parts = [_OPENING.format(topic=topic)]
    left = words - _length(parts[0])
    kinds = len(_QUESTIONS) * len(_ASPECTS)
    for number in cycle(draw.distinct(kinds, kinds)):
        exchange = _exchange(topic, number, draw.below(len(_REPLIES)))
        if left < _length(exchange) / 2:
            break
        parts.append(exchange)
        left -= _length(exchange)
    return "".join(parts)


def _exchange(topic: str, number: int, reply: int) -> str:
    aspect, question = divmod(number, len(_QUESTIONS))
    asked = _QUESTIONS[question].format(topic=topic, aspect=_ASPECTS[aspect])
    return f"USER: {asked}\nASSISTANT: {_REPLIES[reply].format(topic=topic)}\n"


def _question(kind: str, seed: int, index: int, text: str, reference: str, about: Mapping[str, int]) -> Question:
    category = f"{kind}-{about['words']}"
    identity = f"{category}-s{seed}-{index + 1}"
    return Question(id=identity, category=category, turns=(text,), references=(reference,), extra=about)


def _place(kind: str, words: int, seed: int, index: int, places: int) -> int:
    """Which of the places the question with that index asks for."""
    start = _Draw(kind, words, seed, "place").share()
    return int((start + index * _GOLDEN) % 1 * places)


def _length(text: str) -> int:
    return len(text.split())


class _Draw:
    """Random choices from `random()` alone: what Python promises to keep is its sequence, not that of `sample`."""

    def __init__(self, *key: object) -> None:
        self.share = random.Random("/".join(map(str, key))).random

    def below(self, number: int) -> int:
        """A whole number from 0 to one less than `number`."""
        return int(self.share() * number)

    def distinct(self, amount: int, number: int) -> list[int]:
        """So many different ones, in random order."""
        found: dict[int, None] = {}
        while len(found) < amount:
            found[self.below(number)] = None
        return list(found)
