import { PlatformError } from '../base/errors.ts'

/**
 * Which builds may use which databases. A build is known by the number of its newest migration.
 *
 * A release expands first: its migrations add, and what is no longer used stays. So a server of the release before goes on
 * beside it. A later release contracts: its migration drops what no build since N uses, and says so in its file:
 *
 *     -- oldest build: 0021
 *
 * The database keeps that number; a build with an older one is refused from then on, and told which weir to use.
 */
export type Applied = {
  number: number
  name: string
  digest: string
  oldestBuild: number | null
  /** The version of the weir that made it; null from before that was kept. */
  weir: string | null
}

/** The oldest schema that this build can bring forward, and the last weir that can bring an older one up to it. */
export const OLDEST_SCHEMA = { number: 1, weir: '0.1.0' }

const LINE = /^-- oldest build: *(\S+) *$/m

/** What a migration's file says of the builds that may use the database after it. */
export function oldestBuildOf(file: string, text: string): number | undefined {
  const said = LINE.exec(text)?.[1]
  if (said === undefined) return undefined
  if (/^\d{4}$/.test(said) && Number(said) <= Number(file.slice(0, 4))) return Number(said)
  throw new PlatformError(
    'config_invalid',
    `${file}: "-- oldest build: ${said}" must name the newest migration of a build, not above its own, like 0021`,
  )
}

/** Refuses (unsupported) a database that is too new or too old for these migrations. */
export function requireInRange(
  migrations: readonly { number: number }[],
  applied: readonly Applied[],
  oldest: { number: number; weir: string },
): void {
  const build = Math.max(0, ...migrations.map((m) => m.number))
  const newest = applied.at(-1)
  if (newest === undefined) return
  if (newest.number < oldest.number) throw tooOld(newest, oldest)
  const known = new Set(migrations.map((m) => m.number))
  const unknown = applied.find((row) => !known.has(row.number) && row.number >= oldest.number)
  if (unknown === undefined) return
  const bound = Math.max(...applied.map((row) => row.oldestBuild ?? 0))
  // What is new there, and below our newest, is of another line of development.
  if (unknown.number < build || bound > build) throw tooNew(unknown, newest, bound, build)
}

function tooNew(unknown: Applied, newest: Applied, bound: number, build: number): PlatformError {
  const by = newest.weir === null ? 'a newer weir' : `weir ${newest.weir}`
  const why =
    bound > build
      ? `only builds that know schema ${padded(bound)} may use it from then on, and this one knows up to ${padded(build)}`
      : `this weir knows up to ${padded(build)}, and not ${unknown.name}`
  return new PlatformError(
    'unsupported',
    `the database has the schema ${newest.name}, made by ${by}: ${why}. Use ${by === 'a newer weir' ? 'that one' : `${by} or a newer one`} (migrations only go forward)`,
  )
}

function tooOld(newest: Applied, oldest: { number: number; weir: string }): PlatformError {
  return new PlatformError(
    'unsupported',
    `the database has the schema ${newest.name}, and this weir can bring it forward only from ${padded(oldest.number)} on: ` +
      `start weir ${oldest.weir} on it once, then this one`,
  )
}

function padded(number: number): string {
  return String(number).padStart(4, '0')
}
