/** The values of both sides of a change, in one line. */
export function changeText({
  from,
  to,
}: {
  from: Record<string, unknown> | null
  to: Record<string, unknown> | null
}): string {
  if (from === null && to === null) return ''
  return `${sideText(from)} → ${sideText(to)}`
}

const CHARS_MAX = 80

function sideText(side: Record<string, unknown> | null): string {
  if (side === null) return '–'
  const text = Object.values(side)
    .filter((value) => value !== null)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join(' ')
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text || '–'
}

const DAY_MS = 86_400_000

/** A date, so many days before today; its end is meant. */
export function dayBefore(days: number, nowMs = Date.now()): string {
  return new Date(nowMs - days * DAY_MS).toISOString().slice(0, 10)
}
