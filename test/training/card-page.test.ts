import { describe, expect, it } from 'vitest'
import { cardPage } from '../../src/training/card-page.ts'
import { code, plain, table } from '../../src/training/report/markdown.ts'

const HOSTILE = [
  '<script>alert(1)</script>',
  '](javascript:alert(1))',
  'a | b',
  '`x`',
  '**bold** _it_ ![i](http://x/y.png)',
  '<img src=x onerror=alert(1)>',
  'a\n# heading',
]

/** What a reader sees of HTML. */
const textOf = (html: string) =>
  html
    .replace(/<style>.*?<\/style>|<[^>]*>/gs, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')

describe('the page of a card', () => {
  it('shows text of the outside as it is, as words and as code, and nothing of it is markup', () => {
    for (const text of HOSTILE) {
      const flat = text.replace(/\s+/g, ' ')
      const page = cardPage(`# Card\n\n${plain(text)}\n\n${table(['a', 'b'], [[plain(text), code(text)]])}`, new Map())
      const body = page.slice(page.indexOf('<main>'))
      expect(body, text).not.toMatch(/<(script|img|a|strong|em)\b/)
      expect(textOf(body).split(flat).length - 1, text).toBe(3)
      expect(body.match(/<td/g), text).toHaveLength(2)
    }
  })

  it('has no HTML, no foreign image and no link but to http(s), whatever the stored card says', () => {
    const page = cardPage(
      '# A\n\n<script>x()</script>\n\n![p](http://evil/x.png) ![ROC](roc.svg) [a](javascript:x()) [b](https://example.org/)\n\n<iframe src=x>',
      new Map([['roc.svg', '<svg/>']]),
    )
    expect(page).not.toMatch(/<script|<iframe|evil|href="javascript/)
    expect(page.match(/<img/g)).toHaveLength(1)
    expect(page).toContain(`src="data:image/svg+xml;base64,${Buffer.from('<svg/>').toString('base64')}"`)
    expect(page).toContain('href="https://example.org/"')
  })
})
