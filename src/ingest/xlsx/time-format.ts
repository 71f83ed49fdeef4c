/** Number formats of Excel's own that show a day or a time, also those of East Asia. */
export const TIME_FORMATS = [
  14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 45, 46, 47, 50, 51, 52, 53, 54, 55, 56,
  57, 58,
]

/** Whether a format shows days or times: it has a letter of them outside of quotes, colours and conditions. */
export function isTimeFormat(code: string): boolean {
  const [first = ''] = code.split(';')
  const bare = first
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\\./g, '')
    .replaceAll(/[_*]./g, '')
    .replaceAll(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
  return /[dmyhs]/i.test(bare) && !/^general$/i.test(bare.trim())
}

const DAY_MS = 24 * 3600_000
const LAST_SERIAL = 2_958_466

/**
 * The day or moment of a serial number, to the millisecond, as text; undefined where there is none. Excel's 1900 had a 29th of
 * February, so that days before it are one off; the day itself, and times without a day, are none.
 */
export function timeOfSerial(text: string, from1904: boolean): string | undefined {
  const serial = Number(text) + (from1904 ? 1462 : 0)
  if (!Number.isFinite(serial) || serial < 1 || serial >= LAST_SERIAL) return undefined
  if (!from1904 && Math.floor(serial) === 60) return undefined
  const days = serial < 60 && !from1904 ? serial : serial - 1
  const time = new Date(Date.UTC(1899, 11, 31) + Math.round(days * DAY_MS))
  return time
    .toISOString()
    .replace('T', ' ')
    .replace('Z', '')
    .replace(/\.000$/, '')
}
