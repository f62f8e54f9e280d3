"""Two hundred strings that would run, load or break something where they became markup."""

from __future__ import annotations

from itertools import islice, product

RUN = (
    "<script>ran=1</script>",
    "<img src=x onerror=ran=1>",
    "<svg onload=ran=1>",
    "<body onpageshow=ran=1>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<details open ontoggle=ran=1>",
    "<input autofocus onfocus=ran=1>",
    "<a href=javascript:ran=1>x</a>",
    "<math><mtext><img src onerror=ran=1></mtext></math>",
    "<style>@import 'http://x.example/y'</style>",
    "<base href=//x.example/>",
    "<meta http-equiv=refresh content=0;url=//x.example>",
    "<form action=//x.example><button>x</button></form>",
    "<link rel=stylesheet href=//x.example>",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "' onmouseover='ran=1",
    '" onmouseover="ran=1',
    "javascript:ran=1",
    "\u202e\u0000\ufeff<b>",
)
BREAK_OUT = (
    "{}",
    '">{}',
    "'>{}",
    "</textarea>{}",
    "</title>{}",
    "</option></select>{}",
    "</script>{}",
    "-->{}",
    "]]>{}",
    "\r\n\r\n{}",
)
ATTACK_STRINGS = tuple(
    context.replace("{}", run) for context, run in islice(product(BREAK_OUT, RUN), 200)
)
