import type { Sql } from '../db/sql.ts'
import type { ControlChange } from '../flows/actor.ts'
import { recordChange } from '../identity/audit.ts'
import { TRAIN_FLOW, type TrainInput } from './train-baseline.ts'

/** What a person does to a run is in the trail by its own transaction; of a training also what is to be trained. */
export async function recordFlowChange(sql: Sql, change: ControlChange): Promise<void> {
  const { action, runId, flow, input, from, to, why } = change
  const told = { action: `flow.${action}`, on: { kind: 'flow', name: runId }, from, why } as const
  if (action !== 'started' || flow !== TRAIN_FLOW) return recordChange(sql, { ...told, to })
  const { model, asOf, from: first } = input as TrainInput
  const asked = { as_of: asOf, ...(first === undefined ? {} : { from: first }) }
  return recordChange(sql, { ...told, model, to: { ...to, ...asked } })
}
