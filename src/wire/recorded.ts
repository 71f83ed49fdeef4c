/** `GET /runs/{run}/recorded`: what a run of `weir train` wrote of its inputs, its code and where it ran. */
import { z } from 'zod'

const moment = z.string().meta({ format: 'date-time' })

export const recordedAnswer = z.object({
  training_set: z.object({
    digest: z.string(),
    identity: z.string(),
    rows: z.number().int(),
    as_of: moment,
    known_at: moment,
    mode: z.string(),
    label: z.string(),
    snapshots: z.array(
      z.object({
        source: z.string(),
        id: z.string(),
        valid_at: moment,
        recorded_at: moment,
        digest: z.string(),
        for: z.array(moment).meta({ description: 'The moments whose rows were taken from it.' }),
      }),
    ),
  }),
  definitions_digest: z.string(),
  weir: z.object({ version: z.string(), digest: z.string(), files: z.number().int().nullable() }),
  project: z
    .object({
      digest: z.string(),
      files: z.array(z.object({ path: z.string(), digest: z.string(), text: z.string().nullable() })).meta({
        description: 'The first 200; of each text the first 100,000 characters, null where it may hold a secret.',
      }),
      packages: z.array(z.object({ name: z.string(), version: z.string().nullable() })),
    })
    .nullable(),
  git: z
    .object({
      commit: z.string().nullable(),
      dirty: z.boolean(),
      untracked: z.array(z.string()),
      left_out: z.array(z.string()),
      diff: z.boolean().meta({ description: 'Whether the artifact uncommitted.diff has what was not committed.' }),
      diff_cut: z.boolean(),
    })
    .nullable(),
  environment: z
    .object({
      node: z.string().nullable(),
      native: z.record(z.string(), z.string()),
      os: z.string(),
      cpu: z.string(),
      cores: z.number().int(),
      kernels: z.string(),
      time_zone: z.string(),
    })
    .nullable(),
})
export type RecordedAnswer = z.output<typeof recordedAnswer>
