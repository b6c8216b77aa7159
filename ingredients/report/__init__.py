"""From stored runs to what people read: terminal, JSON, Markdown, figures; no torch, no arithmetic of its own.

Scores and verdicts come from `judgement`.

In reading order: `build` (the `Report` and its files), `document` (JSON), `schema` (its form); `curves`, `opening` (the
first sentences), `wording`, `facts`, `routes`, `columns`, `rows`, `inner`, `planning`, `layout` (what every format
shows, in which words and which order); `terminal` with `tables` and `pen`; `markdown`; `figures` (pictures); `html`
with `citation`, `html_tables` and `templating` (a page), `index` with `gallery` (a page of all reports); `short` (a
report without verdicts), `published_judgement` (pictures of one whose runs are not here), `side`, `side_curves`,
`compare` and `compare_html` (studies side by side), `expect` (verdicts that a file expects) and `shown` (which of these
is printed). Nothing is imported here: who only asks for `shown` must not wait for what judging needs.
"""
