import { PlatformError } from '../base/errors.ts'
import { type Instant, parseInstant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { type Entry, type EntryFilter, selectBeginning, selectDeciding, selectEntries } from './audit-read.ts'
import { type Head, type Verdict, verifyTrail } from './audit-verify.ts'
import { liveAt, type Standing } from './live-at.ts'

export type { Entry, EntryFilter, Head, Standing, Verdict }

/** Where points of the trail are noted outside of the database: who can write to that alone cannot change them. */
export type Notes = { get(key: string): Promise<Buffer>; put(key: string, bytes: Uint8Array): Promise<void> }

export type Trail = ReturnType<typeof createTrail>

const NOTES = 'trail/heads.json'
const NOTES_MAX = 500

/** The trail as it is read: its rows, what was live at a moment, and whether it is whole. */
export function createTrail({ sql, notes }: { sql: Sql; notes: Notes }) {
  async function noted(): Promise<Head[]> {
    const bytes = await notes.get(NOTES).catch((error: unknown) => {
      if (error instanceof PlatformError && error.code === 'not_found') return undefined
      throw error
    })
    return bytes === undefined ? [] : headsIn(bytes)
  }

  /** Two who note at once may lose one of the two: either is a point of the trail. */
  async function note(): Promise<void> {
    const [head] = await sql.query<Head>('select seq, hash from identity.audit_head where seq > 0')
    if (!head) return
    const heads = await noted()
    if (heads.at(-1)?.seq === head.seq) return
    const kept = [...heads, head].sort((a, b) => a.seq - b.seq)
    // The first stays: a trail that was written anew from its beginning is told by it.
    const bounded = kept.length > NOTES_MAX ? [...kept.slice(0, 1), ...kept.slice(1 - NOTES_MAX)] : kept
    await notes.put(NOTES, new TextEncoder().encode(`${JSON.stringify(bounded)}\n`))
  }

  return {
    entries: (filter: EntryFilter): Promise<Entry[]> => selectEntries(sql, filter),
    /** What stood in each stage and at each alias; of one model by the name that it had then. */
    async liveAt(at: Instant, model?: string): Promise<{ standing: Standing[]; begins: Instant | null }> {
      const [entries, begins] = await Promise.all([selectDeciding(sql), selectBeginning(sql)])
      const standing = liveAt(entries, at)
      return { standing: model === undefined ? standing : standing.filter((s) => s.model === model), begins }
    },
    /** `seen`: points that somebody noted. A trail that is whole is noted up to here. */
    async verify(seen: readonly Head[] = []): Promise<Verdict & { noted: number }> {
      const known = await noted()
      const verdict = await verifyTrail(sql, [...known, ...seen])
      if (verdict.faults.length === 0) await note()
      return { ...verdict, noted: known.length }
    },
    note,
  }
}

function headsIn(bytes: Buffer): Head[] {
  try {
    const heads = JSON.parse(bytes.toString('utf8')) as Head[]
    if (Array.isArray(heads) && heads.every(({ seq, hash }) => Number.isInteger(seq) && typeof hash === 'string')) {
      return heads
    }
  } catch {
    // Told below.
  }
  throw new PlatformError(
    'corrupt',
    `the object ${NOTES} does not say which points of the trail were noted; put it back from a backup`,
  )
}

/** `41:ab12…`, as a verification prints it. */
export function parseHead(text: string): Head {
  const m = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  if (m) return { seq: Number(m[1]), hash: m[2]! }
  throw new PlatformError(
    'invalid_argument',
    `'${text.slice(0, 80)}' is no point of a trail; write NUMBER:HASH, as weir audit --verify prints it`,
  )
}

/** The whole of a day where only its date is written: `--at 2024-01-31` is its end. */
export function parseAt(text: string): Instant {
  const at = parseInstant(text, 'at')
  return /^\d{4}-\d\d-\d\d$/.test(text.trim()) ? at.replace('T00:00:00.000000Z', 'T23:59:59.999999Z') : at
}
