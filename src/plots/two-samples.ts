import { bareSvg, element, type Markup } from './svg.ts'

/** How two samples are spread: bars of the one, a line of steps over them of the other. */
export type TwoSamples = {
  title: string
  about: string
  /** Of numbers: one more than there are bars; of categories their names. */
  edges: readonly number[]
  names: readonly string[]
  reference: readonly number[]
  current: readonly number[]
}

const SMALL = { width: 160, height: 44 }
const LARGE = { width: 560, height: 260 }
const NAME_MAX = 14

/** As small as a word in a table: no axis. */
export function smallTwoSamplesSvg(samples: TwoSamples): string {
  const { title, about } = samples
  return bareSvg({ ...SMALL, title, about }, bars(samples, { left: 1, right: 1, top: 2, bottom: 2, ...SMALL }))
}

/** With its axis: the ends of the numbers, or the names. */
export function largeTwoSamplesSvg(samples: TwoSamples): string {
  const { title, about, edges, names, reference } = samples
  const place = { left: 44, right: 8, top: 12, bottom: names.length > 0 ? 84 : 28, ...LARGE }
  const [most, wide] = [mostOf(samples), (place.width - place.left - place.right) / Math.max(1, reference.length)]
  const bottom = place.height - place.bottom
  const labels: Markup[] = [
    element('text', { class: 'tick', x: place.left - 6, y: place.top + 8, 'text-anchor': 'end' }, percent(most)),
    element('text', { class: 'tick', x: place.left - 6, y: bottom, 'text-anchor': 'end' }, '0 %'),
  ]
  if (names.length > 0) {
    for (const [i, name] of names.entries()) {
      const x = place.left + (i + 0.5) * wide
      const shown = [...name].length > NAME_MAX ? `${[...name].slice(0, NAME_MAX - 1).join('')}…` : name
      labels.push(
        element(
          'text',
          { class: 'tick', transform: `translate(${x.toFixed(1)} ${bottom + 14}) rotate(-40)`, 'text-anchor': 'end' },
          shown,
        ),
      )
    }
  } else {
    labels.push(element('text', { class: 'tick', x: place.left, y: bottom + 18 }, shortNumber(edges[0]!)))
    labels.push(
      element(
        'text',
        { class: 'tick', x: place.width - place.right, y: bottom + 18, 'text-anchor': 'end' },
        shortNumber(edges.at(-1)!),
      ),
    )
  }
  return bareSvg({ ...LARGE, title, about }, [...bars(samples, place), ...labels])
}

type Place = { width: number; height: number; left: number; right: number; top: number; bottom: number }

function bars(samples: TwoSamples, { width, height, left, right, top, bottom }: Place): Markup[] {
  const { reference, current } = samples
  const [wide, tall, most] = [
    (width - left - right) / Math.max(1, reference.length),
    height - top - bottom,
    mostOf(samples),
  ]
  const y = (share: number) => height - bottom - (most === 0 ? 0 : (share / most) * tall)
  const marks = reference.map((share, i) =>
    element('rect', {
      class: 'bar reference-bar',
      x: left + i * wide,
      y: y(share),
      width: Math.max(0.5, wide - 0.6),
      height: height - bottom - y(share),
    }),
  )
  const steps = current.map(
    (share, i) => `${i === 0 ? 'M' : 'L'}${at(left + i * wide)},${at(y(share))}H${at(left + (i + 1) * wide)}`,
  )
  return [...marks, element('path', { class: 'line current-line', d: steps.join('') })]
}

function mostOf({ reference, current }: TwoSamples): number {
  return [...reference, ...current].reduce((most, share) => Math.max(most, share), 0)
}

function at(value: number): string {
  return String(Number(value.toFixed(1)))
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}
