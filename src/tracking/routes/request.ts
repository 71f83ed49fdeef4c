import { type Fields, missing, optionalInt64, optionalText } from '../../mlflow/read.ts'

/** In the order of their numbers in the protocol, from 1 on. */
export const VIEW_TYPES = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const

/** `run_uuid` is the name that older clients use. */
export function runIdOf(fields: Fields): string {
  const runId = optionalText(fields, 'run_id') || optionalText(fields, 'run_uuid')
  if (!runId) throw missing('run_id')
  return runId
}

export function stepOf(fields: Fields): number | bigint {
  return optionalInt64(fields, 'step') ?? 0
}
