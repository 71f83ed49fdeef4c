import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import { requireWellFormed } from '../wire/well-formed.ts'
import { countWrite, lockModelHistory, selectTag, upsertTags } from './queries/runs.ts'
import { requireActive } from './runs.ts'

/** Where MLflow 2 keeps what models a run logged: a JSON array, longer than other tags may be. */
const HISTORY_TAG = 'mlflow.log-model.history'
const HISTORY_LENGTH_MAX = 1_000_000

export function createModelHistory({ sql }: { sql: Sql }) {
  /** Adds a model, described by the JSON of its MLmodel, to those of a run. */
  async function logModel(runId: string, modelJson: string): Promise<void> {
    const model = parsed(modelJson)
    requireWellFormed(model, "'model_json'")
    if (typeof model !== 'object' || model === null || Array.isArray(model)) {
      throw invalid('Malformed model info: model_json must be the JSON of an object')
    }
    await sql.tx(async (tx) => {
      await requireActive(tx, runId)
      await lockModelHistory(tx, runId)
      const before = parsed((await selectTag(tx, runId, HISTORY_TAG)) ?? '[]')
      const value = JSON.stringify([...(Array.isArray(before) ? before : []), model])
      if (value.length > HISTORY_LENGTH_MAX) {
        throw invalid(`the models of run ${runId} would take more than ${HISTORY_LENGTH_MAX} characters in its tags`)
      }
      await upsertTags(tx, runId, [{ key: HISTORY_TAG, value }])
      await countWrite(tx, runId)
    })
  }
  return { logModel }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
