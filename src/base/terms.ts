import { type Instant, instantOfMs } from './instant.ts'

/** What the terms of an input stand for. */
export type Terms = {
  /** The moment that it is about, and when it was due. */
  periodMs: number
  dueMs: number
  /** Whose calendar says which day a moment is on. */
  zone: string
  /** What happened, where something did. */
  subject: string | null
  about: string | null
  schedule: string
}

const TERM = /\{([^{}]*)\}/g
const DATED = /^(day|month|yearmonth)([+-]\d{1,4})?$/
const MOMENT = /^(period|due)(?:([+-]\d{1,5})([dhm]))?$/
const PLAIN = ['subject', 'id', 'schedule'] as const
const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000 }

/** All that there is, for whoever wrote another one. */
export const TERMS_SAID =
  '{period}, {due} (a moment; {period-30d} is another), {day}, {month} (its first day), {yearmonth} (2026-01; {month-1} and {day-7} are earlier ones), ' +
  '{subject}, {id}, {schedule}'

/** The words in braces of a text that are no terms. */
export function unknownTerms(text: string): string[] {
  return [...text.matchAll(TERM)].map((found) => found[1]!).filter((term) => !isTerm(term))
}

function isTerm(term: string): boolean {
  return DATED.test(term) || MOMENT.test(term) || (PLAIN as readonly string[]).includes(term)
}

/** The same value, with what stands for each term in all of its texts. */
export function withTerms(value: unknown, terms: Terms): unknown {
  if (typeof value === 'string') return value.replace(TERM, (_, term: string) => said(term, terms))
  if (Array.isArray(value)) return value.map((one) => withTerms(one, terms))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withTerms(one, terms)]))
}

function said(term: string, terms: Terms): string {
  const moment = MOMENT.exec(term)
  if (moment) {
    const [, name, count = '0', unit = 'd'] = moment
    const from = name === 'due' ? terms.dueMs : terms.periodMs
    return instantOfMs(from + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS])
  }
  const dated = DATED.exec(term)
  if (dated) return dateOf(dated[1]!, Number(dated[2] ?? 0), terms)
  if (term === 'schedule') return terms.schedule
  if (term === 'subject') return terms.subject ?? ''
  if (term === 'id') return terms.about ?? ''
  return `{${term}}`
}

/** A date as it is read everywhere: its midnight is that of UTC, whatever zone says which day it is. */
function dateOf(what: string, shift: number, { periodMs, zone }: Terms): string {
  const [year, month, day] = localDay(periodMs, zone)
  const local = new Date(0)
  local.setUTCFullYear(year, month - 1 + (what === 'day' ? 0 : shift), what === 'day' ? day + shift : 1)
  return instantOfMs(local.getTime()).slice(0, what === 'yearmonth' ? 7 : 10)
}

function localDay(ms: number, zone: string): [number, number, number] {
  if (zone === 'UTC') return numbersOf(instantOfMs(ms))
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  return [parts.year!, parts.month!, parts.day!]
}

function numbersOf(instant: Instant): [number, number, number] {
  const [year = 1, month = 1, day = 1] = instant.slice(0, 10).split('-').map(Number)
  return [year, month, day]
}
