"""From stored runs to what people read, without torch. Nothing is imported here: `shown` alone loads fast.

In reading order: `build` (the `Report` and its files), `document` and `schema` (JSON); `curves`, `opening`, `wording`,
`facts`, `routes`, `columns`, `rows`, `inner`, `planning`, `layout` (of all formats); `terminal`, `tables`, `pen`;
`markdown`; `figures`; `html`, `citation`, `html_tables`, `templating`; `index`, `gallery`; `short` (without verdicts),
`published_judgement` (without runs); `side`, `side_curves`, `compare`, `compare_html`; `expect`; `shown`.
"""
