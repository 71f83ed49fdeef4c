import { type Explanation, REASONS_MAX } from '../wire/explanation.ts'
import type { FeatureValue } from '../wire/features.ts'
import { shown } from '../wire/limits.ts'

/** What the numbers of an explanation say, as sentences: the beginning, the features that move it most, and the others together. */
export function reasonsOf(
  { of, unit, base, contributions }: Omit<Explanation, 'reasons'>,
  names: readonly string[],
  values: readonly FeatureValue[],
): string[] {
  const moving = contributions.map((adds, i) => ({ adds, i })).filter(({ adds }) => adds !== 0)
  moving.sort((a, b) => Math.abs(b.adds) - Math.abs(a.adds))
  const others = moving.slice(REASONS_MAX)
  const together = others.reduce((sum, { adds }) => sum + adds, 0)
  return [
    `The model begins at ${numberText(base)}, ${what(unit, of)} where nothing is known.`,
    ...moving
      .slice(0, REASONS_MAX)
      .map(({ adds, i }) => `${names[i]} ${valueText(values[i] ?? null)}, which ${moves(adds, 's')}.`),
    ...(moving.length === 0 ? ['No feature moves it.'] : []),
    ...(others.length === 0 ? [] : [restText(others.length, together)]),
  ]
}

function restText(count: number, adds: number): string {
  if (count === 1) return `The other feature ${moves(adds, 's')}.`
  return `The other ${count} features together ${adds === 0 ? 'move it by nothing' : moves(adds, '')}.`
}

function what(unit: Explanation['unit'], of: Explanation['of']): string {
  const label = of === null ? '' : ` of ${shown(of)}`
  return {
    probability: `the probability${label}`,
    log_odds: `the log-odds${label}`,
    score: `the score${label}`,
    value: 'the value',
  }[unit]
}

function valueText(value: FeatureValue): string {
  return value === null ? 'is not known' : `is ${shown(value)}`
}

const moves = (adds: number, s: 's' | '') =>
  `${adds > 0 ? `raise${s}` : `lower${s}`} it by ${numberText(Math.abs(adds))}`

/** Four digits say enough. */
function numberText(value: number): string {
  return String(Number(value.toPrecision(4)))
}
