import { Marked } from 'marked'

/**
 * The card as a page that needs nothing else: images stand inside, and what is no image of the run is left out. The text is of
 * an artifact that a client may have replaced, so HTML in it stays text, and a link leads to http(s) alone.
 */
export function cardPage(markdown: string, images: ReadonlyMap<string, string>): string {
  const marked = new Marked({
    renderer: {
      html: ({ text }) => escaped(text),
      image({ href, text }) {
        const svg = images.get(href)
        if (svg === undefined) return escaped(text)
        return `<img alt="${escaped(text)}" src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens)
        return /^https?:\/\//.test(href) ? `<a rel="noreferrer" href="${escaped(href)}">${text}</a>` : text
      },
    },
  })
  const title = /^# (.*)$/m.exec(markdown)?.[1]?.replaceAll('\\', '') ?? 'Model card'
  const body = marked.parse(markdown, { async: false })
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>`
  return `<!doctype html>\n<html lang="en"><head>${head}<style>${STYLE}</style></head><body><main>${body}</main></body></html>\n`
}

/** What a browser may do with it: show its own images and style, also in a frame of the console. */
export const CARD_PAGE_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"

const STYLE = `
:root{color-scheme:light dark;--line:#ddd;--soft:#f5f5f5}@media (prefers-color-scheme:dark){:root{--line:#3a3d44;--soft:#1e2126}}
body{margin:0;font:16px/1.55 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{max-width:56rem;margin:0 auto;padding:1.5rem 1rem 4rem}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid var(--line)}
table{display:block;overflow-x:auto;border-collapse:collapse;font-size:.9rem;margin:1rem 0}th,td{border-bottom:1px solid var(--line);padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}
thead:not(:has(th:not(:empty))){display:none}
code{font-size:.9em;background:var(--soft);padding:.1em .3em;border-radius:3px}pre{background:var(--soft);padding:.7rem 1rem;overflow-x:auto;border-radius:4px}pre code{padding:0}
img{max-width:100%;height:auto;border:1px solid var(--line);border-radius:4px}p:has(>img){margin:.6rem 0}
`

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
