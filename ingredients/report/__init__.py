"""From stored runs to what people read: terminal, JSON, Markdown, figures; without torch.

Scores and verdicts come from `judgement`.

In reading order: `build` (the `Report` and its files), `document` (JSON), `schema` (its form); `curves`, `opening`
(first sentences), `wording`, `facts`, `routes`, `columns`, `rows`, `inner`, `planning`, `layout` (contents, words and
order of every format); `terminal` with `tables` and `pen`; `markdown`; `figures` (pictures); `html` with `citation`,
`html_tables` and `templating` (a page), `index` with `gallery` (a page of all reports); `short` (a report without
verdicts), `published_judgement` (pictures without runs), `side`, `side_curves`, `compare` and `compare_html` (studies
side by side), `expect` (expected verdicts) and `shown` (which of these is printed). Nothing is imported here, so that
`shown` alone loads fast.
"""
