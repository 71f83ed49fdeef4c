type Side = Record<string, unknown> | null

/** The values of both sides of a change, in one line; nothing where neither says anything. */
export function changeText({ from, to }: { from: Side; to: Side }): string {
  const [before, after] = [sideText(from), sideText(to)]
  return before === '' && after === '' ? '' : `${before || '–'} → ${after || '–'}`
}

const CHARS_MAX = 80

function sideText(side: Side): string {
  const text = Object.values(side ?? {})
    .filter((value) => value !== null)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    // Of a digest the beginning is enough to know it again.
    .map((value) => value.replace(/\b([0-9a-f]{12})[0-9a-f]{20,}\b/g, '$1…'))
    .join(' ')
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text
}

const DAY_MS = 86_400_000

/** A date, so many days before today; its end is meant. */
export function dayBefore(days: number, nowMs = Date.now()): string {
  return new Date(nowMs - days * DAY_MS).toISOString().slice(0, 10)
}
