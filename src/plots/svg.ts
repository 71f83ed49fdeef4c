/** A finished piece of SVG; only `element` and `svgText` make one, so that nothing stands in it unescaped. */
export type Markup = { svg: string }

/** Lengths are cut to a tenth of a unit, so that equal numbers give equal bytes on every machine. */
export function element(name: string, attributes: Record<string, string | number>, text?: string): Markup {
  const written = Object.entries(attributes).map(([key, value]) => {
    return ` ${key}="${typeof value === 'number' ? length(value) : escaped(value)}"`
  })
  const start = `<${name}${written.join('')}`
  return { svg: text === undefined ? `${start}/>` : `${start}>${escaped(text)}</${name}>` }
}

/** The whole image; `title` and `about` are what a reader who does not see it is told. */
export function svgText(
  { width, height, title, about }: { width: number; height: number; title: string; about: string },
  marks: readonly Markup[],
): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`
  const named = `<title>${escaped(title)}</title><desc>${escaped(about)}</desc>${STYLE}`
  const ground = element('rect', { class: 'ground', width, height })
  const heading = element('text', { class: 'title', x: 16, y: 22 }, title)
  return `${head}${named}${[ground, heading, ...marks].map(({ svg }) => svg).join('\n')}</svg>\n`
}

/** The same without a ground, a heading and a style of its own: for pages that have theirs. */
export function bareSvg(
  { width, height, title, about }: { width: number; height: number; title: string; about: string },
  marks: readonly Markup[],
): string {
  const named = `<title>${escaped(title)}</title><desc>${escaped(about)}</desc>`
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${named}${marks.map(({ svg }) => svg).join('')}</svg>`
}

/** Paul Tol's bright colours, told apart by people who see red and green alike. */
const COLOURS = ['4477aa', 'ee6677', '228833', 'ccbb44', '66ccee', 'aa3377']

const STYLE = `<style>
text{font:12px system-ui,sans-serif;fill:#444}.title{font-size:14px;font-weight:600;fill:#111}.ground{fill:#fff}
.grid{stroke:#e3e3e3}.line{fill:none;stroke-width:2}.area{stroke:none;fill-opacity:.18}.dot{stroke:none}
.reference{fill:none;stroke:#888;stroke-dasharray:4 4}.interval{stroke:#111;stroke-width:1.5}
${COLOURS.map((c, i) => `.line.c${i}{stroke:#${c}}.area.c${i},.dot.c${i},.bar.c${i}{fill:#${c}}`).join('\n')}
@media (prefers-color-scheme:dark){text{fill:#bbb}.title{fill:#eee}.ground{fill:#16181c}.grid{stroke:#33363c}.interval{stroke:#eee}}
</style>`

function length(value: number): string {
  // `+` turns -0.0 and 3.0 into 0 and 3.
  return String(+value.toFixed(1) + 0)
}

/** Letters that XML gives a meaning, and those that it forbids. */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
