/** Names that tell a reader nothing: digests and switches of our own. */
const UNSAID = new Set(['project', 'request', 'submitted'])
const PARTS_MAX = 4
const CHARS_MAX = 40

/** What a run is about, from what it was given: `churn · 2024-01-31`. */
export function aboutText(about: Record<string, unknown>): string {
  return Object.entries(about)
    .filter(([name]) => !UNSAID.has(name))
    .slice(0, PARTS_MAX)
    .map(([name, value]) => partOf(name, value))
    .join(' · ')
}

function partOf(name: string, value: unknown): string {
  if (typeof value === 'string') return short(dateOf(value))
  if (Array.isArray(value)) return short(value.map(String).join(', '))
  return `${name} ${String(value)}`
}

/** A midnight is a day. */
function dateOf(text: string): string {
  return /^\d{4}-\d\d-\d\dT00:00:00(\.0+)?Z$/.test(text) ? text.slice(0, 10) : text
}

function short(text: string): string {
  return text.length <= CHARS_MAX ? text : `${text.slice(0, CHARS_MAX - 1)}…`
}
