/** Deliveries and snapshots over HTTP: what is asked, and what is answered. */
import { z } from 'zod'
import type { Instant } from '../base/instant.ts'
import { pageOf, pageQuery } from './page.ts'

const text = z.string()
const count = z.int()

export type FindingLike = {
  file: string
  source: string | null
  column: string | null
  rule: string
  severity: string
  count: number
  examples: readonly { line: number | null; key: string | null; value: string | null }[]
  message: string
}

/** `message` is one sentence with what to do; `rows` are the first few of `count`, by the line (or row) of the file. */
export function findingJson({ examples, ...finding }: FindingLike) {
  return { ...finding, rows: examples }
}

const finding = z.object({
  file: text,
  source: text.nullable(),
  column: text
    .nullable()
    .meta({ description: 'The column that is wrong, null where it is the file or the whole table.' }),
  rule: text.meta({ description: 'The name of the check.' }),
  severity: z.enum(['error', 'warn']).meta({ description: 'error refuses the delivery.' }),
  count: count.meta({ description: 'How many rows break the check.' }),
  message: text.meta({ description: 'One sentence with what to do.' }),
  rows: z
    .array(z.object({ line: count.nullable(), key: text.nullable(), value: text.nullable() }))
    .meta({ description: 'The first few of these rows.' }),
})
const findings = z.array(finding).meta({ description: 'All that was found.' })

const sourceOutcome = z.object({
  source: text,
  outcome: z.enum(['accepted', 'corrected', 'unchanged']),
  same: z
    .enum(['bytes', 'content'])
    .nullable()
    .meta({ description: 'In what an unchanged file is the same as the one before.' }),
  snapshot: text,
  version: count,
  rows: count,
  digest: text.meta({ description: 'Names what was kept.' }),
})

type ProposalLike = {
  source: string
  file: string
  fits: boolean
  wouldFit: boolean
  block: string | null
  format: object
  looksLike: readonly string[]
  notes: readonly string[]
  rows: number | null
  findings: readonly FindingLike[]
}

/** What `weir check --sample` says of a file; `block` is what to write in its source. */
export function proposalJson({ wouldFit, looksLike, findings, fits: _, ...rest }: ProposalLike) {
  return { ...rest, would_fit: wouldFit, looks_like: looksLike, findings: findings.map(findingJson) }
}
export type ProposalJson = ReturnType<typeof proposalJson>

export const DELIVERY_STATES = ['accepted', 'unchanged', 'refused'] as const

const asOf = text.meta({ description: 'The moment that the files describe.', format: 'date-time' })
const head = {
  id: count,
  as_of: asOf,
  state: z.enum(DELIVERY_STATES),
  actor: text.nullable().meta({ description: 'Who brought it, as far as anybody said.' }),
  from: text.meta({ description: 'The folder that it was read from, or (upload).' }),
  started_at: text.meta({ format: 'date-time' }),
  finished_at: text.meta({ format: 'date-time' }),
  sources: z.array(sourceOutcome),
  files: z.array(z.object({ source: text, file: text, bytes: count, digest: text })),
}

/** One of a list: how many findings there are, and not which. */
const summary = z.object({ ...head, errors: count, warnings: count })
export const deliveriesAnswer = pageOf('deliveries', summary)
export const deliveryAnswer = z.object({ ...head, findings })
export type DeliveryAnswer = z.output<typeof deliveryAnswer>

/** What became of a delivery that was sent. */
export const delivered = z.object({
  id: count,
  as_of: asOf,
  state: z.enum(['accepted', 'unchanged']),
  sources: z.array(sourceOutcome),
  findings,
})
/** What was found by a look that took nothing in. */
export const checked = z.object({
  as_of: asOf,
  state: z.literal('checked'),
  sources: z.array(z.object({ source: text, rows: count.nullable(), same: text.nullable() })),
  findings,
})
export const sendAnswer = z.union([delivered, checked])
export type SendAnswer = z.output<typeof sendAnswer>

const WATCH_CHARS_MAX = 100

const yesOrNo = z.enum(['true', 'false'])

export const sendQuery = z.strictObject({
  as_of: text.meta({ description: 'The moment that the files describe, such as 2024-01-31.' }),
  source: z
    .union([text, z.array(text)])
    .optional()
    .meta({ description: 'Only this one; repeatable.' }),
  dry_run: yesOrNo.optional().meta({ description: 'Check only, take nothing in.' }),
  watch: text
    .max(WATCH_CHARS_MAX)
    .optional()
    .meta({ description: 'The name of this delivery in the events of its progress, chosen by the caller.' }),
})
export type SendQuery = z.output<typeof sendQuery>

export const deliveriesQuery = pageQuery({
  source: text.optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  as_of: text.optional(),
})
export type DeliveriesQuery = z.output<typeof deliveriesQuery>

export const deliveryParam = z.object({ id: text.meta({ description: 'Number of a delivery.' }) })

export const snapshotsQuery = pageQuery({
  source: text.optional(),
  as_of: text.optional(),
  withdrawn: yesOrNo.optional(),
})
export type SnapshotsQuery = z.output<typeof snapshotsQuery>

export const snapshotShape = z.object({
  id: text,
  source: text,
  as_of: asOf,
  version: count,
  recorded_at: text.meta({ description: 'When it was taken in.', format: 'date-time' }),
  available_at: text.meta({ description: 'When the world could first know it.', format: 'date-time' }),
  rows: count,
  bytes: count,
  digest: text,
  file_digest: text,
  withdrawn: z.object({ recorded_at: text, actor: text, reason: text }).nullable(),
})
export const snapshotsAnswer = pageOf('snapshots', snapshotShape)
export type SnapshotsAnswer = z.output<typeof snapshotsAnswer>

type SnapshotLike = {
  id: string
  source: string
  validAt: Instant
  version: number
  recordedAt: Instant
  availableAt: Instant
  rows: number
  bytes: number
  digest: string
  fileDigest: string
  withdrawn: { recordedAt: Instant; actor: string; reason: string } | null
}

export function snapshotJson(s: SnapshotLike) {
  return {
    id: s.id,
    source: s.source,
    as_of: s.validAt,
    version: s.version,
    recorded_at: s.recordedAt,
    available_at: s.availableAt,
    rows: s.rows,
    bytes: s.bytes,
    digest: s.digest,
    file_digest: s.fileDigest,
    withdrawn: s.withdrawn && {
      recorded_at: s.withdrawn.recordedAt,
      actor: s.withdrawn.actor,
      reason: s.withdrawn.reason,
    },
  }
}
