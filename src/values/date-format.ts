import { TIME_PATTERN, ZONE_PATTERN } from './moment.ts'

const MONTHS = 'january february march april may june july august september october november december'.split(' ')

/**
 * Patterns of dates: `dd.MM.yyyy`, `M/d/yyyy h:mm a`. `dd`, `MM`, `HH`, `hh`, `mm` and `ss` are two digits, one letter is one
 * or two, `yyyy` four, `MMM` the first letters of an English month, `MMMM` all of them, `a` AM or PM; anything else stands for itself.
 * Without a time in it a pattern is that of the day: moments are the day, a blank or T, and a time of 24 hours with or without
 * seconds. With a time in it a day may have one too, of midnight: more would be lost.
 */
const TOKENS: Record<string, { part: string; pattern: string }> = {
  yyyy: { part: 'year', pattern: '[0-9]{4}' },
  MMMM: { part: 'name', pattern: `(?:${MONTHS.map(anyCase).join('|')})` },
  MMM: { part: 'name', pattern: '[A-Za-z]{3}' },
  MM: { part: 'month', pattern: '[0-9]{2}' },
  M: { part: 'month', pattern: '[0-9]{1,2}' },
  dd: { part: 'day', pattern: '[0-9]{2}' },
  d: { part: 'day', pattern: '[0-9]{1,2}' },
  HH: { part: 'hour', pattern: '[0-9]{2}' },
  H: { part: 'hour', pattern: '[0-9]{1,2}' },
  hh: { part: 'half', pattern: '[0-9]{2}' },
  h: { part: 'half', pattern: '[0-9]{1,2}' },
  mm: { part: 'minute', pattern: '[0-9]{2}' },
  ss: { part: 'second', pattern: String.raw`[0-9]{2}(?:\.[0-9]{1,6}0*)?` },
  a: { part: 'noon', pattern: '(?:[AaPp][Mm])' },
}

const TIME_PARTS = ['hour', 'half', 'minute', 'second', 'noon']
const SHORT = `[${MONTHS.map((month) => `'${month.slice(0, 3)}'`).join(', ')}]`

type Piece = { token: string; part: string | null; pattern: string }

function anyCase(name: string): string {
  return name.replaceAll(/./g, (letter) => `[${letter.toUpperCase()}${letter}]`)
}

/** Whether a text looks like the pattern: what the engine reads, and also days that there are none of. */
export function looksLike(format: string): (text: string) => boolean {
  const pieces = piecesOf(format)
  const pattern = pieces.map((piece) => piece.pattern).join('') + (pieces.some(isTime) ? '' : DAY_TIME)
  const day = pieces.slice(0, pieces.findIndex(isTime)).map((piece) => piece.pattern)
  const bare = day.join('').replace(/(\\x\{20\})+$/, '')
  const whole = new RegExp(`^(?:${pattern}${bare === '' ? '' : `|${bare}`})$`.replaceAll('\\x{', '\\u{'), 'u')
  return (text) => whole.test(text)
}

/** What is wrong with a pattern, and what to write; undefined for a good one. */
export function dateFormatFault(format: string): string | undefined {
  const pieces = piecesOf(format)
  const parts = pieces.flatMap((piece) => piece.part ?? [])
  const twice = parts.find((part, i) => parts.indexOf(part) !== i)
  if (/y/.test(format) && !parts.includes('year')) return 'write the year as yyyy: two digits are no year'
  if (twice !== undefined) return `the ${twice} stands in it twice; months are MM and minutes mm`
  for (const [part, token] of [
    ['year', 'yyyy'],
    ['day', 'dd'],
  ]) {
    if (!parts.includes(part!)) return `there is no ${token} in it; write a pattern like dd.MM.yyyy`
  }
  if (!parts.includes('month') && !parts.includes('name'))
    return 'there is no MM in it (mm is minutes); write a pattern like dd.MM.yyyy'
  if (parts.includes('month') && parts.includes('name')) return 'the month stands in it twice; write MM or MMM'
  const timed = parts.filter((part) => TIME_PARTS.includes(part))
  if (timed.length > 0 && pieces.findIndex(isTime) < pieces.findLastIndex((p) => p.part !== null && !isTime(p))) {
    return 'write the day first, then the time'
  }
  const hours = parts.filter((part) => part === 'hour' || part === 'half')
  if (timed.length > 0 && (hours.length !== 1 || !parts.includes('minute'))) return 'a time needs HH or hh, and mm'
  if (parts.includes('half') !== parts.includes('noon'))
    return 'hh is of twelve hours and needs a (AM or PM); HH is of 24'
  if (pieces.some((piece) => piece.part === null && /(?!T)[A-Za-z]/.test(piece.token))) {
    return 'only yyyy, MM, M, MMM, MMMM, dd, d, HH, H, hh, h, mm, ss and a are known letters; write a pattern like dd.MM.yyyy'
  }
  return undefined
}

/** What is wrong with several patterns: two of them would read one text as two days. */
export function twoReadings(formats: readonly string[]): string | undefined {
  for (const [i, one] of formats.entries()) {
    const other = formats.slice(0, i).find((before) => isAmbiguous(before, one))
    if (other !== undefined)
      return `'${other}' and '${one}' would read one text as two days; write the one that is meant`
  }
  return undefined
}

/** The same signs around numbers that are the day in one and the month in the other; without signs nothing tells them apart. */
function isAmbiguous(a: string, b: string): boolean {
  const [one, two] = [a, b].map((format) => {
    const pieces = piecesOf(format)
    const day = pieces.some(isTime) ? pieces.slice(0, pieces.findIndex(isTime)) : pieces
    const order = day.flatMap(({ part }) => part ?? []).join()
    const signs = day
      .map(({ part, token }) => (part === null ? token : part === 'year' ? 'y' : part === 'name' ? 'm' : 'n'))
      .join('')
      .trimEnd()
    return { order, signs }
  }) as [{ order: string; signs: string }, { order: string; signs: string }]
  const bare = (signs: string) => /^[yn]+$/.test(signs)
  return one.order !== two.order && (one.signs === two.signs || (bare(one.signs) && bare(two.signs)))
}

/** A DuckDB expression: a day or a moment that is written so, as text like 2024-01-31 12:00:00, null for any other text. */
export function dateAsUsual(type: 'Date' | 'UnixTimestamp', text: string, format: string): string {
  const pieces = piecesOf(format)
  const at = pieces.findIndex(isTime)
  const day = at < 0 ? pieces : pieces.slice(0, at)
  // What stands between the day and the time belongs to neither.
  const bare = at < 0 ? day : day.slice(0, day.findLastIndex((p) => p.part !== null) + 1)
  const one = expression(text, bare, '')
  if (type === 'Date') {
    const midnight = at < 0 ? '' : ` ${expression(text, pieces, '')}`
    return `regexp_replace(CASE ${one}${midnight} END, ' 00:00:00(\\.0+)?$', '')`
  }
  if (at >= 0) return `CASE ${expression(text, pieces, '')} ${one} END`
  return `CASE ${expression(text, day, DAY_TIME)} END`
}

/** A time of the day as moment.ts has it, or one without seconds; each with a zone or none. */
const DAY_TIME = `(?:[T ](?:${uncounted(TIME_PATTERN)}|(?:[01][0-9]|2[0-3]):[0-5][0-9])(?:${uncounted(ZONE_PATTERN)})?)?`

function expression(text: string, pieces: readonly Piece[], rest: string): string {
  let groups = 0
  const places = new Map<string, number>()
  const pattern = pieces.map((piece) => {
    if (piece.part === null) return piece.pattern
    places.set(piece.part, ++groups)
    return `(${piece.pattern})`
  })
  const whole = literal(`${pattern.join('')}${rest === '' ? '' : `(${rest})`}`)
  const part = (name: string) => `regexp_extract(${text}, ${whole}, ${places.get(name)})`
  const two = (name: string) => `lpad(${part(name)}, 2, '0')`
  const month = places.has('month')
    ? two('month')
    : `lpad(list_position(${SHORT}, lower(${part('name')})[:3])::VARCHAR, 2, '0')`
  const iso = [`${part('year')} || '-' || ${month} || '-' || ${two('day')}`]
  if (places.has('minute'))
    iso.push(
      `' '`,
      hourOf(places, part, two),
      `':'`,
      part('minute'),
      `':'`,
      places.has('second') ? part('second') : `'00'`,
    )
  if (rest !== '') {
    const tail = `regexp_extract(${text}, ${whole}, ${groups + 1})`
    iso.push(`regexp_replace(${tail}, '^([T ][0-9]{2}:[0-9]{2})($|[^:0-9])', '\\1:00\\2')`)
  }
  return `WHEN regexp_full_match(${text}, ${whole}) THEN ${iso.join(' || ')}`
}

/** 12 AM is the first hour of the day, 12 PM the thirteenth; an hour that is none of twelve is none. */
function hourOf(places: Map<string, number>, part: (name: string) => string, two: (name: string) => string): string {
  if (places.has('hour')) return two('hour')
  const half = `TRY_CAST(${part('half')} AS INTEGER)`
  const hour = `${half} % 12 + CASE WHEN lower(${part('noon')}) = 'pm' THEN 12 ELSE 0 END`
  return `CASE WHEN ${half} BETWEEN 1 AND 12 THEN lpad((${hour})::VARCHAR, 2, '0') END`
}

function piecesOf(format: string): Piece[] {
  return (format.match(/yyyy|MMMM|MMM|MM|M|dd|d|HH|H|hh|h|mm|ss|a|./gsu) ?? []).map((token) => {
    const pattern = /\w/.test(token) ? token : `\\x{${token.codePointAt(0)?.toString(16)}}`
    return { token, ...(TOKENS[token] ?? { part: null, pattern }) }
  })
}

/** Groups that are not counted, so that those of the parts keep their numbers. */
function uncounted(pattern: string): string {
  return pattern.replaceAll('(', '(?:')
}

function isTime({ part }: Piece): boolean {
  return part !== null && TIME_PARTS.includes(part)
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
