import { type ScaleLinear, scaleBand, scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { element, type Markup, svgText } from './svg.ts'

/** A point of a series, in the units of the axes. */
export type Point = readonly [x: number, y: number]

/** One line, or one cloud of dots, with its name in the legend; `band` has the two ends of an interval at each x. */
export type Series = {
  name: string
  points: readonly Point[]
  kind?: 'line' | 'dots' | 'line_and_dots' | 'steps'
  band?: readonly (readonly [x: number, low: number, high: number])[]
  /** What is compared with: drawn thin and dashed. */
  reference?: boolean
}

export type Axis = { label: string; from?: number; to?: number; percent?: boolean }

export type Chart = { title: string; about: string; x: Axis; y: Axis; series: readonly Series[] }

const [WIDTH, HEIGHT] = [560, 380]
const PLOT = { left: 62, right: 16, top: 44, bottom: 52 }
const TICKS = 5

/**
 * A chart of lines and dots as the text of an SVG, 560 x 380: by its own style light or dark as its reader prefers, and with
 * a title and a sentence for readers who do not see it. Equal charts give equal bytes. A point that is not finite is left out.
 */
export function chartSvg(chart: Chart): string {
  const series = chart.series.map((s) => ({ ...s, points: s.points.filter((p) => p.every(Number.isFinite)) }))
  const x = scaleOf(
    chart.x,
    series.flatMap((s) => s.points.map(([at]) => at)),
    [PLOT.left, WIDTH - PLOT.right],
  )
  const y = scaleOf(
    chart.y,
    series.flatMap((s) => [...s.points.map(([, at]) => at), ...(s.band ?? []).flatMap(([, low, high]) => [low, high])]),
    [HEIGHT - PLOT.bottom, PLOT.top],
  )
  return svgText({ width: WIDTH, height: HEIGHT, title: chart.title, about: chart.about }, [
    ...gridOf(x, chart.x, y, chart.y),
    ...series.flatMap((s, i) => drawn(s, colourOf(series, i), x, y)),
    ...legendOf(series),
  ])
}

function scaleOf(axis: Axis, values: readonly number[], range: [number, number]): ScaleLinear<number, number> {
  const low = axis.from ?? values.reduce((least, v) => Math.min(least, v), Infinity)
  const high = axis.to ?? values.reduce((most, v) => Math.max(most, v), -Infinity)
  if (!Number.isFinite(low) || !Number.isFinite(high)) return scaleLinear([0, 1], range)
  // One value alone stands in the middle.
  const [from, to] = low === high ? [low - 0.5, high + 0.5] : [low, high]
  const scale = scaleLinear([from, to], range)
  return axis.from === undefined && axis.to === undefined ? scale.nice(TICKS) : scale
}

function gridOf(x: ScaleLinear<number, number>, xs: Axis, y: ScaleLinear<number, number>, ys: Axis): Markup[] {
  const [left, right, top, bottom] = [PLOT.left, WIDTH - PLOT.right, PLOT.top, HEIGHT - PLOT.bottom]
  const [xFormat, yFormat] = [
    x.tickFormat(TICKS, xs.percent ? '~%' : '~g'),
    y.tickFormat(TICKS, ys.percent ? '~%' : '~g'),
  ]
  return [
    ...x
      .ticks(TICKS)
      .flatMap((tick) => [
        element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: top, y2: bottom }),
        element('text', { class: 'tick', x: x(tick), y: bottom + 18, 'text-anchor': 'middle' }, xFormat(tick)),
      ]),
    ...y
      .ticks(TICKS)
      .flatMap((tick) => [
        element('line', { class: 'grid', x1: left, x2: right, y1: y(tick), y2: y(tick) }),
        element('text', { class: 'tick', x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, yFormat(tick)),
      ]),
    element('text', { class: 'axis', x: (left + right) / 2, y: HEIGHT - 12, 'text-anchor': 'middle' }, xs.label),
    element(
      'text',
      { class: 'axis', transform: `translate(16 ${(top + bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle' },
      ys.label,
    ),
  ]
}

function drawn(
  { points, kind = 'line', band, reference }: Series,
  colour: string,
  x: ScaleLinear<number, number>,
  y: ScaleLinear<number, number>,
): Markup[] {
  const path = line<Point>(
    (p) => x(p[0]),
    (p) => y(p[1]),
  ).digits(1)
  const marks: Markup[] = []
  if (band && band.length > 0) {
    const edge: Point[] = [...band.map(([at, , high]) => [at, high] as const)]
    edge.push(...[...band].reverse().map(([at, low]) => [at, low] as const))
    marks.push(element('path', { class: `area ${colour}`, d: `${path(edge)}Z` }))
  }
  if (points.length > 1 && kind !== 'dots') {
    const cornered =
      kind === 'steps' ? points.flatMap((p, i) => (i === 0 ? [p] : [[p[0], points[i - 1]![1]] as const, p])) : points
    marks.push(element('path', { class: reference ? 'reference' : `line ${colour}`, d: path(cornered) ?? '' }))
  }
  if (kind !== 'line' && kind !== 'steps') {
    for (const [px, py] of points)
      marks.push(element('circle', { class: `dot ${colour}`, cx: x(px), cy: y(py), r: 3.5 }))
  }
  return marks
}

function colourOf(series: readonly Series[], i: number): string {
  return `c${series.slice(0, i).filter((s) => !s.reference).length % 6}`
}

/** Beside each other above the plot; a single line needs no name. */
function legendOf(series: readonly Series[]): Markup[] {
  if (series.length < 2) return []
  let at = PLOT.left
  return series.flatMap((s, i) => {
    const mark = {
      x1: at,
      x2: at + 18,
      y1: 34,
      y2: 34,
      class: s.reference ? 'reference' : `line ${colourOf(series, i)}`,
    }
    const named = [element('line', mark), element('text', { class: 'tick', x: at + 23, y: 38 }, s.name)]
    at += 36 + s.name.length * 6.2
    return named
  })
}

export type Bar = { name: string; value: number; low?: number; high?: number }

const [BAR_LEFT, BAR_HEIGHT] = [190, 22]

/** Horizontal bars in the order given, each with its name and, where it has one, its interval. */
export function barsSvg(chart: { title: string; about: string; x: Axis; bars: readonly Bar[] }): string {
  const bars = chart.bars.filter(({ value }) => Number.isFinite(value))
  const height = PLOT.top + Math.max(1, bars.length) * BAR_HEIGHT + PLOT.bottom
  const ends = [0, ...bars.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value])]
  const x = scaleOf(chart.x, ends, [BAR_LEFT, WIDTH - PLOT.right])
  const y = scaleBand(
    bars.map((_, i) => i),
    [PLOT.top, height - PLOT.bottom],
  ).padding(0.25)
  const format = x.tickFormat(TICKS, chart.x.percent ? '~%' : '~g')
  const zero = x(Math.min(Math.max(0, x.domain()[0]!), x.domain()[1]!))
  return svgText({ width: WIDTH, height, title: chart.title, about: chart.about }, [
    ...x
      .ticks(TICKS)
      .flatMap((tick) => [
        element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: PLOT.top, y2: height - PLOT.bottom }),
        element(
          'text',
          { class: 'tick', x: x(tick), y: height - PLOT.bottom + 18, 'text-anchor': 'middle' },
          format(tick),
        ),
      ]),
    element(
      'text',
      { class: 'axis', x: (BAR_LEFT + WIDTH) / 2, y: height - 12, 'text-anchor': 'middle' },
      chart.x.label,
    ),
    ...bars.flatMap(({ name, value, low, high }, i) => {
      const top = y(i) ?? 0
      const middle = top + y.bandwidth() / 2
      const [from, to] = [Math.min(zero, x(value)), Math.max(zero, x(value))]
      const interval =
        low === undefined || high === undefined
          ? []
          : [element('line', { class: 'interval', x1: x(low), x2: x(high), y1: middle, y2: middle })]
      return [
        element('text', { class: 'tick', x: BAR_LEFT - 8, y: middle + 4, 'text-anchor': 'end' }, shortened(name)),
        element('rect', { class: 'bar c0', x: from, y: top, width: to - from, height: y.bandwidth() }),
        ...interval,
      ]
    }),
  ])
}

const NAME_MAX = 28

/** A name that is too long for its place keeps its beginning and its end. */
function shortened(name: string): string {
  const letters = [...name]
  if (letters.length <= NAME_MAX) return name
  return `${letters.slice(0, 16).join('')}…${letters.slice(-(NAME_MAX - 17)).join('')}`
}
