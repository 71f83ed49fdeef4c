/** `GET /doctor`, `GET /storage` and `POST /storage/collect`: what they answer. */
import { z } from 'zod'

const text = z.string()
const count = z.int()

const finding = z.object({
  part: text.meta({ description: 'What was looked at.' }),
  state: z.enum(['ok', 'warn', 'broken']),
  says: text.meta({ description: 'What was found, and what to do.' }),
})

export const doctorAnswer = z.object({
  healthy: z.boolean().meta({ description: 'Whether nothing is broken.' }),
  findings: z.array(finding),
})
export type DoctorAnswer = z.output<typeof doctorAnswer>

const size = z.object({ files: count, bytes: count })
const kept = z.object({ name: text, ...size.shape })

/** How long what can be made again is kept; each is a setting. */
const retention = z.object({
  datasets_days: z
    .number()
    .meta({ description: 'Training sets that no version was trained from (WEIR_DATASETS_KEEP_DAYS).' }),
  flows_days: z.number().meta({ description: 'Runs of flows that are over (WEIR_FLOWS_KEEP_DAYS).' }),
  flows_runs: count.meta({ description: 'How many of these at most (WEIR_FLOWS_KEEP_RUNS).' }),
  cache_bytes: count.meta({ description: 'Copies of objects on this host (WEIR_CACHE_BYTES_MAX).' }),
})

export const collectible = z.object({
  models: size.meta({ description: 'Models on their way from a fit to a run; the run has its own.' }),
  datasets: size.nullable().meta({
    description: 'Training sets that no version was trained from; null where the tracking server could not be asked.',
  }),
  handed_over: size.meta({ description: 'Files of deliveries that a killed command has left.' }),
  cache: size.meta({ description: 'Copies of objects on this host.' }),
  merged: size.meta({ description: 'Merged copies that others have replaced.' }),
  flow_runs: count.meta({ description: 'Runs of flows, with their steps.' }),
})

type Size = z.output<typeof size>
type Report = {
  models: Size
  datasets: Size | null
  handedOver: Size
  cache: Size
  merged: { removed: Size }
  flows: number
}

export function collectibleJson({ models, datasets, handedOver, cache, merged, flows }: Report) {
  return { models, datasets, handed_over: handedOver, cache, merged: merged.removed, flow_runs: flows }
}

type Retention = { datasetsKeptMs: number; flowsKept: { keepMs: number; keepRuns: number }; cacheBytesMax: number }
const DAY_MS = 86_400_000

export function retentionJson({ datasetsKeptMs, flowsKept, cacheBytesMax }: Retention) {
  return {
    datasets_days: datasetsKeptMs / DAY_MS,
    flows_days: flowsKept.keepMs / DAY_MS,
    flows_runs: flowsKept.keepRuns,
    cache_bytes: cacheBytesMax,
  }
}

export const storageAnswer = z.object({
  objects: z.array(kept).meta({ description: 'The object store, by its folders.' }),
  tables: z
    .array(z.object({ name: text, bytes: count }))
    .meta({ description: 'The database, by schema, with its indexes.' }),
  database_bytes: count,
  retention,
  collectible: collectible.meta({ description: 'What a collection would remove now.' }),
})
export type StorageAnswer = z.output<typeof storageAnswer>

export const collectRequest = z.strictObject({
  dry_run: z.boolean().optional().meta({ description: 'Say what would go, and remove nothing.' }),
})
export type CollectRequest = z.output<typeof collectRequest>

export const collectedAnswer = z.object({ removed: collectible })
export type CollectedAnswer = z.output<typeof collectedAnswer>
