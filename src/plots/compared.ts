/** Plots of many things beside each other: lines across parallel axes, and boxes of groups. */
import { scaleLinear } from 'd3-scale'
import { element, type Markup, svgText } from './svg.ts'

/** An axis of numbers, or of words in their order; each line has a value on each axis, or null. */
export type ParallelAxis = { name: string; words?: readonly string[] }
export type ParallelLine = { name: string; values: readonly (number | null)[]; group?: number }

const HEIGHT = 380
const [TOP, BOTTOM, LEFT, RIGHT] = [72, 340, 70, 70]
const AXIS_WIDTH = 130

/** A line for each thing across all axes; it is left open where it has no value. */
export function parallelSvg(chart: {
  title: string
  about: string
  axes: readonly ParallelAxis[]
  lines: readonly ParallelLine[]
}): string {
  const { axes, lines } = chart
  const width = Math.max(560, LEFT + RIGHT + AXIS_WIDTH * Math.max(1, axes.length - 1))
  const x = (i: number) => (axes.length < 2 ? width / 2 : LEFT + (i * (width - LEFT - RIGHT)) / (axes.length - 1))
  const scales = axes.map(({ words }, i) => {
    const values = lines.flatMap(({ values: of }) => (Number.isFinite(of[i]) ? [of[i] as number] : []))
    const ends = words ? [0, Math.max(1, words.length - 1)] : endsOf(values)
    return scaleLinear(ends, [BOTTOM, TOP])
  })
  const marks: Markup[] = lines.map(({ values, group = 0 }) => {
    let path = ''
    let open = false
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) open = false
      else {
        path += `${open ? 'L' : 'M'}${x(i).toFixed(1)},${scales[i]!(value as number).toFixed(1)}`
        open = true
      }
    })
    return element('path', { class: `line c${group % 6}`, d: path, 'stroke-opacity': 0.55 })
  })
  axes.forEach(({ name, words }, i) => {
    marks.push(
      element('line', { class: 'interval', x1: x(i), x2: x(i), y1: TOP, y2: BOTTOM }),
      element(
        'text',
        { class: 'axis', x: x(i), y: i % 2 === 0 ? TOP - 12 : TOP - 26, 'text-anchor': 'middle' },
        cut(name, 22),
      ),
    )
    const ticks = words
      ? words.map((_, at) => at).filter((at) => words.length <= 12 || at % Math.ceil(words.length / 12) === 0)
      : scales[i]!.ticks(4)
    const format = scales[i]!.tickFormat(4, '~g')
    for (const tick of ticks) {
      const text = words ? cut(words[tick]!, 14) : format(tick)
      marks.push(element('text', { class: 'tick', x: x(i) + 5, y: scales[i]!(tick) + 4 }, text))
    }
  })
  return svgText({ width, height: HEIGHT, title: chart.title, about: chart.about }, marks)
}

export type BoxGroup = { name: string; values: readonly number[] }

const ROW = 34

/** Of each group the quartiles as a box, whiskers to the least and greatest value, and each value as a dot. */
export function boxesSvg(chart: { title: string; about: string; label: string; groups: readonly BoxGroup[] }): string {
  const groups = chart.groups.map(({ name, values }) => ({
    name,
    values: values.filter(Number.isFinite).sort((a, b) => a - b),
  }))
  const height = 44 + Math.max(1, groups.length) * ROW + 46
  const [left, right] = [150, 540]
  const x = scaleLinear(endsOf(groups.flatMap(({ values }) => values)), [left, right]).nice(5)
  const format = x.tickFormat(5, '~g')
  const marks: Markup[] = x
    .ticks(5)
    .flatMap((tick) => [
      element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: 40, y2: height - 46 }),
      element('text', { class: 'tick', x: x(tick), y: height - 30, 'text-anchor': 'middle' }, format(tick)),
    ])
  groups.forEach(({ name, values }, i) => {
    const middle = 44 + i * ROW + ROW / 2
    marks.push(element('text', { class: 'tick', x: left - 8, y: middle + 4, 'text-anchor': 'end' }, cut(name, 22)))
    if (values.length === 0) return
    const at = (share: number) => x(quantile(values, share))
    marks.push(
      element('line', { class: 'interval', x1: at(0), x2: at(1), y1: middle, y2: middle }),
      element('rect', {
        class: 'area c0',
        x: at(0.25),
        y: middle - 9,
        width: Math.max(1, at(0.75) - at(0.25)),
        height: 18,
      }),
      element('line', { class: 'interval', x1: at(0.5), x2: at(0.5), y1: middle - 9, y2: middle + 9 }),
      ...values.map((value) => element('circle', { class: 'dot c0', cx: x(value), cy: middle, r: 2.5 })),
    )
  })
  marks.push(
    element('text', { class: 'axis', x: (left + right) / 2, y: height - 10, 'text-anchor': 'middle' }, chart.label),
  )
  return svgText({ width: 560, height, title: chart.title, about: chart.about }, marks)
}

/** Of sorted values, between two of them in proportion. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
  return below + (place - Math.floor(place)) * (above - below)
}

/** One value alone stands in the middle. */
function endsOf(values: readonly number[]): [number, number] {
  const low = values.reduce((least, v) => Math.min(least, v), Number.POSITIVE_INFINITY)
  const high = values.reduce((most, v) => Math.max(most, v), Number.NEGATIVE_INFINITY)
  if (!Number.isFinite(low)) return [0, 1]
  return low === high ? [low - 0.5, high + 0.5] : [low, high]
}

function cut(text: string, most: number): string {
  const letters = [...text]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text
}
