import { addMs, displayInstant, type Instant, momentOfMs } from '../base/instant.ts'

/** Whole numbers with thousands separators, others with at most six digits. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(6)))
}

export function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const SIZES = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** `812 bytes`, `1.2 MB`. */
export function formatSize(bytes: number): string {
  const unit = bytes < 1000 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** unit
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${SIZES[unit]}`
}

/** Enough of a digest to tell it from others by eye. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12)
}

/** What a program gave as milliseconds since 1970: one that counts in others must not keep the rest from being shown. */
export function shownMs(ms: number): string {
  const moment = momentOfMs(ms)
  return moment === null ? `${ms} ms` : shownTime(moment)
}

/** To the second: a table has no room for more. Programs get all of it with --json. */
export function shownTime(instant: Instant): string {
  return displayInstant(`${instant.slice(0, 19)}.000000Z` as Instant)
}

/** The first whole second at which it was so: given to --known-at, what a table shows names what it shows. */
export function shownFrom(instant: Instant): string {
  return instant.endsWith('.000000Z') ? shownTime(instant) : shownTime(addMs(instant, 1_000))
}

/** Enough of an id of 32 digits to tell it from others; --json has all of it. */
export function shortId(id: string): string {
  return /^[0-9a-f]{32}$/.test(id) ? id.slice(0, 12) : id
}
