import { createHash } from 'node:crypto'
import { preparedShape } from '../db/prepared-shapes.ts'
import type { Sql } from '../db/sql.ts'

/** A point of the trail that was seen: the number of a row and its hash. */
export type Head = { seq: number; hash: string }

export type Fault = { seq: number | null; what: string }

export type Verdict = {
  /** Rows that were read. */
  rows: number
  head: Head
  /** Reasons that an erasure took out. */
  reasonsErased: number
  /** The first of them; the rest of a trail that is broken often says the same. */
  faults: Fault[]
}

const PAGE = 5_000
const FAULTS_MAX = 100
export const BEGINNING = '0'.repeat(64)

/**
 * Reads the whole trail in its order and works its hashes out again, here and not in the database. `seen` are points that
 * were kept elsewhere: who can write to the database could work all hashes out anew, but not change what others noted.
 */
export async function verifyTrail(sql: Sql, seen: readonly Head[] = []): Promise<Verdict> {
  const faults: Fault[] = []
  const fault = (seq: number | null, what: string) => void (faults.length < FAULTS_MAX && faults.push({ seq, what }))
  // The end is asked for first: what comes while the rows are read is no fault.
  const [end] = await preparedShape<Head>(sql, 'select seq, hash from identity.audit_head', [])
  const wanted = new Map(seen.map((head) => [head.seq, head.hash]))
  let last: Head = { seq: 0, hash: BEGINNING }
  let rows = 0
  let reasonsErased = 0
  for (;;) {
    const page = await preparedShape<Row>(sql, ROWS, [last.seq, end?.seq ?? 0, PAGE])
    for (const row of page) {
      rows += 1
      if (row.seq !== last.seq + 1) fault(row.seq, missing(last.seq + 1, row.seq - 1))
      else if (row.previous !== last.hash)
        fault(row.seq, `row ${row.seq} does not follow the row before it: one of the two was changed`)
      if (hashOf(row) !== row.hash) fault(row.seq, `row ${row.seq} was changed: its hash is another`)
      if (row.why === null && row.whyDigest !== null) reasonsErased += 1
      if (row.why !== null && row.whyDigest !== digestOf(row))
        fault(row.seq, `the reason of row ${row.seq} was changed`)
      const noted = wanted.get(row.seq)
      if (noted !== undefined && noted !== row.hash)
        fault(row.seq, `row ${row.seq} is not the one that was noted elsewhere: the trail was written anew`)
      last = { seq: row.seq, hash: row.hash ?? '' }
    }
    if (page.length < PAGE) break
  }
  if (end === undefined) fault(null, 'the row that says where the trail ends is gone')
  else if (end.seq !== last.seq) fault(last.seq, missing(last.seq + 1, end.seq))
  else if (end.hash !== last.hash) fault(last.seq, `the trail does not end with the row ${last.seq} that it ended with`)
  for (const head of seen) {
    if (head.seq > last.seq)
      fault(
        last.seq,
        `the trail ends with row ${last.seq}, and row ${head.seq} was noted elsewhere: what came after was cut off, or an older copy of the database was restored`,
      )
  }
  const [loose] = await preparedShape<{ count: number }>(sql, LOOSE, [])
  if (loose && loose.count > 0) fault(null, `${loose.count} rows are no part of the chain: they were written past it`)
  return { rows, head: last, reasonsErased, faults }
}

function missing(from: number, to: number): string {
  return from === to ? `row ${from} is missing` : `rows ${from} to ${to} are missing`
}

type Row = {
  seq: number
  previous: string | null
  hash: string | null
  /** In the order in which they are hashed, behind `previous` and `seq`. */
  fields: (string | null)[]
  why: string | null
  whySalt: string | null
  whyDigest: string | null
}

/** The same fields as `identity.audit_text` (0024). */
const ROWS = `
  select seq, previous, hash, why, why_salt as "whySalt", why_digest as "whyDigest",
    array[to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor, actor_kind, token, origin, action,
      on_kind, on_name, model, from_value::text, to_value::text, why_digest] as fields
  from identity.audit where seq > $1 and seq <= $2 order by seq limit $3`

/** Without a number or a hash, or with a number behind the end: the database gives none of these. One look, at one moment. */
const LOOSE = `
  select count(*) as count from identity.audit
  where seq is null or hash is null or seq > (select max(seq) from identity.audit_head)`

function hashOf({ previous, seq, fields }: Row): string {
  return sha256([previous, String(seq), ...fields].map(fieldOf).join(','))
}

/** Its length and itself: so no two rows have one text. */
function fieldOf(value: string | null): string {
  return value === null ? '-' : `${Buffer.byteLength(value)}:${value}`
}

function digestOf({ why, whySalt }: Row): string {
  return sha256(`${whySalt}${why}`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
