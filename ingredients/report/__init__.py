"""From stored runs to what people read, without torch; nothing is imported here.

In order: `build`, `document`, `schema`; for all formats `curves`, `opening`, `wording`, `facts`, `routes`, `columns`,
`rows`, `inner`, `planning`, `layout`; `terminal`, `tables`, `pen`; `markdown`; `figures`; `html`, `citation`,
`html_tables`, `templating`; `index`, `gallery`; `short` (without verdicts), `published_judgement` (without runs);
`side`, `side_curves`, `compare`, `compare_html`; `expect`; `shown`; `reading`.
"""
