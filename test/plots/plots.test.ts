import { describe, expect, it } from 'vitest'
import { barsSvg, type Chart, chartSvg } from '../../src/plots/plots.ts'

const chart: Chart = {
  title: 'Rates <of> "a & b"',
  about: 'What it shows.',
  x: { label: 'said', from: 0, to: 1, percent: true },
  y: { label: 'true', from: 0, to: 1 },
  series: [
    {
      name: 'model',
      points: [
        [0, 0],
        [0.5, 0.75],
        [1, 1],
      ],
      kind: 'line_and_dots',
      band: [
        [0, 0, 0.1],
        [1, 0.9, 1],
      ],
    },
    {
      name: 'chance',
      points: [
        [0, 0],
        [1, 1],
      ],
      reference: true,
    },
  ],
}

describe('a chart', () => {
  it('has its points where the axes say', () => {
    const svg = chartSvg(chart)
    // The plot is 482 wide from 62, and 284 high above 328.
    const dots = [...svg.matchAll(/<circle [^>]*cx="([^"]+)" cy="([^"]+)"/g)].map(([, x, y]) => [Number(x), Number(y)])
    expect(dots).toEqual([
      [62, 328],
      [303, 115],
      [544, 44],
    ])
    expect(svg).toContain('d="M62,328L303,115L544,44"')
  })

  it('has equal bytes for equal numbers, and no text unescaped', () => {
    expect(chartSvg(structuredClone(chart))).toBe(chartSvg(chart))
    const hostile = '</text><script>alert(1)</script>\u0000\ud800"'
    const svg = chartSvg({
      ...chart,
      title: hostile,
      about: hostile,
      series: [
        { name: hostile, points: [[0, 0]] },
        { name: 'b', points: [] },
      ],
    })
    expect(svg).not.toMatch(/<script|\u0000|\ud800/)
    expect(svg).toContain('&lt;script&gt;')
  })

  it('leaves out what is no number, and can be empty', () => {
    const points = [
      [0, 0],
      [Number.NaN, 1],
      [1, Number.POSITIVE_INFINITY],
    ] as const
    const svg = chartSvg({ ...chart, series: [{ name: 'm', points, kind: 'dots' }] })
    expect(svg.match(/<circle/g)).toHaveLength(1)
    expect(svg).not.toMatch(/NaN|Infinity/)
    const empty = chartSvg({ ...chart, x: { label: 'x' }, y: { label: 'y' }, series: [] })
    expect(empty).not.toMatch(/NaN|Infinity|undefined/)
    const level = chartSvg({
      ...chart,
      x: { label: 'x' },
      y: { label: 'y' },
      series: [{ name: 'm', points: [[3, 3]], kind: 'dots' }],
    })
    expect(level).toContain('cx="303"')
  })
})

describe('bars', () => {
  it('reach from zero to their value, to either side, with their interval', () => {
    const bars = [
      { name: 'up', value: 2, low: 1, high: 3 },
      { name: 'down', value: -1 },
      { name: 'none', value: Number.NaN },
    ]
    const svg = barsSvg({ title: 't', about: 'a', x: { label: 'x' }, bars })
    const rects = [...svg.matchAll(/<rect class="bar[^"]*" x="([^"]+)" y="[^"]+" width="([^"]+)"/g)].map(([, x, w]) => [
      Number(x),
      Number(w),
    ])
    // From -1 to 3 over 354 units from 190.
    expect(rects).toEqual([
      [278.5, 177],
      [190, 88.5],
    ])
    expect(svg).toContain('class="interval" x1="367" x2="544"')
    expect(barsSvg({ title: 't', about: 'a', x: { label: 'x' }, bars: [] })).not.toMatch(/NaN|undefined/)
  })

  it('shorten a long name and keep both ends of it', () => {
    const svg = barsSvg({
      title: 't',
      about: 'a',
      x: { label: 'x' },
      bars: [{ name: `${'a'.repeat(30)}_90d`, value: 1 }],
    })
    expect(svg).toContain('aaaaaaaaaaaaaaaa…aaaaaaa_90d')
  })
})
