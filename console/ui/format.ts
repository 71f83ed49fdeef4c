/** Numbers and times as text, in a language. Pure: tests compare them. */

const numbers = new Map<string, Intl.NumberFormat>()

function formatter(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options)
  let made = numbers.get(key)
  if (made === undefined) {
    made = new Intl.NumberFormat(language, options)
    numbers.set(key, made)
  }
  return made
}

/** At most `digits` significant digits; NaN and the infinities are said as they are. */
export function numberText(value: number, language = 'en', digits = 5): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞'
  if (Number.isInteger(value)) return formatter(language, { maximumFractionDigits: 0 }).format(value)
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e9) return value.toExponential(Math.max(1, digits - 2)).replace('-', '−')
  return formatter(language, { maximumSignificantDigits: digits }).format(value)
}

export function percentText(share: number, language = 'en', digits = 1): string {
  return formatter(language, { style: 'percent', maximumFractionDigits: digits }).format(share)
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

export function bytesText(bytes: number, language = 'en'): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) [value, unit] = [value / 1000, unit + 1]
  return `${formatter(language, { maximumSignificantDigits: 3 }).format(value)} ${BYTE_UNITS[unit]}`
}

/** 0.4 ms, 120 ms, 3.2 s, 4 min 10 s, 2 h 5 min, 3 d 4 h. */
export function durationText(ms: number, language = 'en'): string {
  const short = (value: number) => formatter(language, { maximumSignificantDigits: 2 }).format(value)
  if (ms < 1000) return `${ms < 10 ? short(ms) : Math.round(ms)} ms`
  if (ms < 60_000) return `${ms < 10_000 ? short(ms / 1000) : Math.round(ms / 1000)} s`
  const s = Math.round(ms / 1000)
  if (s < 3600) return two(Math.floor(s / 60), 'min', s % 60, 's')
  const min = Math.round(s / 60)
  if (min < 1440) return two(Math.floor(min / 60), 'h', min % 60, 'min')
  const h = Math.round(min / 60)
  return two(Math.floor(h / 24), 'd', h % 24, 'h')
}

function two(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`
}

const STEPS: [limitMs: number, unitMs: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60_000, 1_000, 'second'],
  [3_600_000, 60_000, 'minute'],
  [86_400_000, 3_600_000, 'hour'],
  [30 * 86_400_000, 86_400_000, 'day'],
  [365 * 86_400_000, 30 * 86_400_000, 'month'],
  [Number.POSITIVE_INFINITY, 365 * 86_400_000, 'year'],
]

const relatives = new Map<string, Intl.RelativeTimeFormat>()

/** Made once: to make one takes longer than to draw the row that it is for. */
function relative(language: string): Intl.RelativeTimeFormat {
  let made = relatives.get(language)
  if (made === undefined) {
    made = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
    relatives.set(language, made)
  }
  return made
}

/** "3 minutes ago", "in 2 days"; within ten seconds "now". */
export function relativeText(ms: number, nowMs: number, language = 'en'): string {
  const apart = ms - nowMs
  const format = relative(language)
  if (Math.abs(apart) < 10_000) return format.format(0, 'second')
  const [, unitMs, unit] = STEPS.find(([limit]) => Math.abs(apart) < limit) ?? STEPS[STEPS.length - 1]!
  return format.format(Math.trunc(apart / unitMs), unit)
}

/** `2024-01-31` for a midnight, else the shortest form that loses nothing: as the command line shows a moment. */
export function momentText(instant: string): string {
  if (instant.endsWith('T00:00:00.000000Z')) return instant.slice(0, 10)
  return instant.replace(/\.?0+Z$/, 'Z')
}
