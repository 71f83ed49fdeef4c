/** What is answered about deliveries and snapshots over HTTP, and its schemas. */
import type { Instant } from '../base/instant.ts'

type Schema = Record<string, unknown>

const TEXT = { type: 'string' }
const COUNT = { type: 'integer' }
const TEXT_OR_NULL = { type: ['string', 'null'] }
const listOf = (items: Schema) => ({ type: 'array', items })
const object = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})

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

export const FINDING = object({
  file: TEXT,
  source: TEXT_OR_NULL,
  column: TEXT_OR_NULL,
  rule: TEXT,
  severity: { type: 'string', enum: ['error', 'warn'] },
  count: COUNT,
  message: TEXT,
  rows: listOf(object({ line: { type: ['integer', 'null'] }, key: TEXT_OR_NULL, value: TEXT_OR_NULL })),
})

const SOURCE_OUTCOME = object({
  source: TEXT,
  outcome: { type: 'string', enum: ['accepted', 'corrected', 'unchanged'] },
  same: { type: ['string', 'null'], enum: ['bytes', 'content', null] },
  snapshot: TEXT,
  version: COUNT,
  rows: COUNT,
  digest: TEXT,
})

export const DELIVERY_STATES = ['accepted', 'unchanged', 'refused'] as const

const DELIVERY_HEAD = {
  id: COUNT,
  as_of: TEXT,
  state: { type: 'string', enum: DELIVERY_STATES },
  actor: TEXT_OR_NULL,
  from: TEXT,
  started_at: TEXT,
  finished_at: TEXT,
  sources: listOf(SOURCE_OUTCOME),
  files: listOf(object({ source: TEXT, file: TEXT, bytes: COUNT, digest: TEXT })),
}

/** One of a list: how many findings there are, and not which. */
export const DELIVERY_SUMMARY = object({ ...DELIVERY_HEAD, errors: COUNT, warnings: COUNT })
export const DELIVERY = object({ ...DELIVERY_HEAD, findings: listOf(FINDING) })

/** What became of a delivery that was sent. */
export const DELIVERED = object({
  id: COUNT,
  as_of: TEXT,
  state: { type: 'string', enum: ['accepted', 'unchanged'] },
  sources: listOf(SOURCE_OUTCOME),
  findings: listOf(FINDING),
})

/** What was found by a look that took nothing in. */
export const CHECKED = object({
  as_of: TEXT,
  state: { type: 'string', enum: ['checked'] },
  sources: listOf(object({ source: TEXT, rows: { type: ['integer', 'null'] }, same: TEXT_OR_NULL })),
  findings: listOf(FINDING),
})

export const pageOf = (name: string, items: Schema) => object({ [name]: listOf(items), next_page_token: TEXT_OR_NULL })

export const SNAPSHOT = object({
  id: TEXT,
  source: TEXT,
  as_of: TEXT,
  version: COUNT,
  recorded_at: TEXT,
  available_at: TEXT,
  rows: COUNT,
  bytes: COUNT,
  digest: TEXT,
  file_digest: TEXT,
  withdrawn: {
    oneOf: [object({ recorded_at: TEXT, actor: TEXT, reason: TEXT }), { type: 'null' }],
  },
})

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
  const { recordedAt, actor, reason } = s.withdrawn ?? {}
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
    withdrawn: s.withdrawn && { recorded_at: recordedAt, actor, reason },
  }
}
