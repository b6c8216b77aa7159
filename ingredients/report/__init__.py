"""From stored runs to what people read: terminal, JSON, Markdown, figures; without torch.

Scores and verdicts come from `judgement`. In reading order: `build` (the `Report` and its files), `document` and
`schema` (JSON); `curves`, `opening`, `wording`, `facts`, `routes`, `columns`, `rows`, `inner`, `planning`, `layout`
(shared by all formats); `terminal` with `tables` and `pen`; `markdown`; `figures`; `html` with `citation`,
`html_tables` and `templating`; `index` with `gallery`; `short` (a report without verdicts), `published_judgement`
(pictures without runs); `side`, `side_curves`, `compare` and `compare_html` (studies side by side); `expect`, `shown`
(the command's output). Nothing is imported here, so that `shown` alone loads fast.
"""
