import { resolve } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import { parseInstant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import { SCHEDULABLE, type SchedulableName, type ScheduledInput } from '../config/schedule-flows.ts'
import type { Prepare } from '../flows/schedules/deps.ts'
import type { IngestMonth } from '../ingest/ingest.ts'
import type { MaterializeFlowRequest } from './materialize.ts'
import type { MeasureRequest } from './measure-quality.ts'
import type { MonitorRequest } from './monitor-month.ts'
import type { CompareRequest } from './train-and-compare.ts'
import type { TrainFlowRequest } from './train-baseline.ts'

/** What makes the input of a run of each flow, from a request as its command makes one. */
export type Makers = {
  ingestMonth: { inputOf(request: IngestMonth): Promise<unknown> }
  materialize: { inputOf(request: MaterializeFlowRequest): unknown }
  trainBaseline: { inputOf(request: TrainFlowRequest): unknown }
  monitorMonth: { inputOf(request: MonitorRequest): unknown }
  measureQuality: { inputOf(request: MeasureRequest): unknown }
  trainAndCompare: { inputOf(request: CompareRequest): unknown }
}

type Inputs = { [Name in SchedulableName]: (input: ScheduledInput<Name>) => Promise<unknown> | unknown }

/** The flows that a schedule can begin, by name: each reads what the schedule says, with its terms filled in. */
export function schedulableFlows({
  project,
  ingestMonth,
  materialize,
  trainBaseline,
  monitorMonth,
  measureQuality,
  trainAndCompare,
}: Makers & { project: Project }): Record<string, Prepare> {
  const makers: Inputs = {
    ingest_month: ({ dir, asOf, sources }) => {
      const from = dir === undefined ? {} : { dir: resolve(project.dir, dir) }
      return ingestMonth.inputOf({ ...from, asOf, ...(sources ? { sources } : {}), actor: 'schedule' })
    },
    materialize: ({ views, asOf, full }) =>
      materialize.inputOf({
        ...(views ? { views } : {}),
        ...(asOf === undefined ? {} : { asOf: parseInstant(asOf) }),
        ...(full ? { full } : {}),
      }),
    train_baseline: ({ model, asOf, from, reuse }) =>
      trainBaseline.inputOf({
        ...{ model, asOf: parseInstant(asOf) },
        ...(from === undefined ? {} : { from: parseInstant(from) }),
        ...(reuse ? { reuse } : {}),
      }),
    monitor_month: (input) => monitorMonth.inputOf(input),
    measure_quality: (input) => measureQuality.inputOf(input),
    train_and_compare: (input) => trainAndCompare.inputOf(input),
  }
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, read(name as SchedulableName, make)]))
}

function read(name: SchedulableName, make: (input: never) => unknown): Prepare {
  return async (input) => {
    const found = SCHEDULABLE[name].input.safeParse(input)
    if (found.success) return make(found.data as never)
    const says = found.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    throw new PlatformError('invalid_argument', `the input of '${name}' with its terms filled in: ${says}`)
  }
}
