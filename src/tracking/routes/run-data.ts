/** What a run logs: params, metrics, tags, inputs, the models it made. */

import type { Endpoint } from '../../mlflow/endpoint.ts'
import {
  type Fields,
  fieldsOf,
  keyValues,
  missing,
  objectList,
  optionalText,
  requiredDouble,
  requiredInteger,
  requiredText,
} from '../../mlflow/read.ts'
import { limitOf } from '../../wire/limits.ts'
import type { LoggedMetric } from '../log-batch.ts'
import type { InputRow } from '../queries/inputs.ts'
import type { KeyValue } from '../queries/runs.ts'
import type { Tracking } from '../tracking.ts'
import { runIdOf, stepOf } from './request.ts'

export function runDataEndpoints({ logBatch, logModel, loggedModels, runs }: Tracking): Endpoint[] {
  const logParam: Endpoint['run'] = async (fields) => {
    await logBatch(runIdOf(fields), { params: [keyValueOf(fields)] })
    return {}
  }
  return [
    {
      method: 'POST',
      path: 'runs/log-metric',
      async run(fields) {
        await logBatch(runIdOf(fields), { metrics: [metricOf(fields, '')] })
        return {}
      },
    },
    { method: 'POST', path: 'runs/log-parameter', run: logParam },
    {
      method: 'POST',
      path: 'runs/set-tag',
      async run(fields) {
        await logBatch(runIdOf(fields), { tags: [keyValueOf(fields)] })
        return {}
      },
    },
    {
      method: 'POST',
      path: 'runs/delete-tag',
      async run(fields) {
        await runs.deleteTag(runIdOf(fields), requiredText(fields, 'key'))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'runs/log-batch',
      async run(fields) {
        await logBatch(runIdOf(fields), {
          metrics: objectList(fields, 'metrics', 'bodyValues').map((item, i) => metricOf(item, `metrics[${i}].`)),
          params: keyValues(fields, 'params', 'bodyValues'),
          tags: keyValues(fields, 'tags', 'bodyValues'),
        })
        return {}
      },
    },
    {
      method: 'POST',
      path: 'runs/log-model',
      async run(fields) {
        await logModel(runIdOf(fields), requiredText(fields, 'model_json'))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'runs/log-inputs',
      bodyLimit: limitOf('inputsBodyBytes'),
      async run(fields) {
        // The longest a schema and a profile may be, each character escaped, must fit the body.
        const models = objectList(fields, 'models').map((m) => ({ modelId: requiredText(m, 'model_id') }))
        if (fields.datasets === undefined && models.length === 0) throw missing('datasets')
        await runs.logInputs(runIdOf(fields), objectList(fields, 'datasets').map(inputOf))
        if (models.length > 0) await loggedModels.linkToRun(runIdOf(fields), { inputs: models, outputs: [] })
        return {}
      },
    },
  ]
}

/** `at` says where it stands in the request, as MLflow names what is missing there. */
function metricOf(fields: Fields, at: string): LoggedMetric {
  for (const name of ['key', 'value', 'timestamp']) {
    if (fields[name] === undefined || fields[name] === null) throw missing(`${at}${name}`)
  }
  return {
    key: requiredText(fields, 'key'),
    value: requiredDouble(fields, 'value'),
    timestampMs: requiredInteger(fields, 'timestamp'),
    step: stepOf(fields),
    model: modelOf(fields),
  }
}

/** The logged model that a metric is about, as MLflow 3 says it. */
function modelOf(fields: Fields): LoggedMetric['model'] {
  const modelId = optionalText(fields, 'model_id')
  if (!modelId) return undefined
  const datasetName = optionalText(fields, 'dataset_name', 500)
  return { modelId, datasetName, datasetDigest: optionalText(fields, 'dataset_digest', 36) }
}

function keyValueOf(fields: Fields): { key: string; value: string } {
  return { key: requiredText(fields, 'key'), value: optionalText(fields, 'value') ?? '' }
}

function inputOf(fields: Fields): InputRow {
  if (fields.dataset === undefined || fields.dataset === null) throw missing('dataset')
  const dataset = fieldsOf(fields.dataset)
  return {
    dataset: {
      name: requiredText(dataset, 'name', 500),
      digest: requiredText(dataset, 'digest', 36),
      sourceType: requiredText(dataset, 'source_type', 36),
      source: requiredText(dataset, 'source', 65_535),
      schema: optionalText(dataset, 'schema', 1_048_575) ?? null,
      profile: optionalText(dataset, 'profile', 16_777_215) ?? null,
    },
    tags: inputTags(fields),
  }
}

/** Of a key that is given twice the last value counts. */
function inputTags(fields: Fields): KeyValue[] {
  const tags = objectList(fields, 'tags').map((tag) => {
    return [requiredText(tag, 'key', 255), optionalText(tag, 'value', 500) ?? ''] as const
  })
  return [...new Map(tags)].map(([key, value]) => ({ key, value }))
}
