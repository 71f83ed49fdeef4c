import { PlatformError } from '../../base/errors.ts'
import type { InferRequest, ModelMetadata, TensorMetadata } from '../../wire/inference.ts'
import { valuesOfRows } from '../../wire/invocations.ts'
import type { Prediction, Said, Says } from '../../wire/predict.ts'
import type { Serving } from '../serving.ts'
import type { inferBody } from './bodies.ts'
import { DATATYPE_OF } from './datatypes.ts'
import { askedOf, type Output, outputsOf, wantedOf } from './tensors.ts'

/** Answers one request; a key that cannot be predicted refuses the whole of it, since the protocol has no errors by row. */
export async function infer(
  serving: Serving,
  name: string,
  request: InferRequest,
): Promise<Parameters<typeof inferBody>[0]> {
  const { keys, features } = serving.fieldsOf(name)
  const names = (fields: readonly { name: string }[]) => fields.map((field) => field.name)
  const asked = askedOf(request.inputs, names(keys), names(features))
  const { said, model, more } =
    asked.kind === 'keys'
      ? await byKeys(serving, name, asked.keys)
      : { ...(await serving.score(name, (inputs) => valuesOfRows(asked.rows, inputs))), more: [] }
  const made = [...outputsOf(said, predicts(serving.saysOf(name)), probabilitiesOf(serving.saysOf(name))), ...more]
  const head = {
    ...(request.id === undefined ? {} : { id: request.id }),
    model_name: name,
    model_version: model.version,
    parameters: { run_id: model.run_id, arm: model.arm },
  }
  return { head, outputs: wantedOf(request, made) }
}

type ByKeys = { said: Said[]; model: Prediction['model']; more: Output[] }

async function byKeys(serving: Serving, name: string, keys: Parameters<Serving['predictMany']>[1]): Promise<ByKeys> {
  if (keys.length === 0) return { ...(await serving.score(name, () => [])), more: [] }
  const results = await serving.predictMany(name, keys)
  const predictions = results.map((result, row) => {
    if ('error' in result) throw atRow(result.error, row)
    return result
  })
  const texts = (tensor: string, of: (prediction: Prediction) => string | null): Output => {
    return { name: tensor, datatype: 'BYTES', shape: [keys.length], values: predictions.map(of) }
  }
  // Keys of one request may be answered by two versions: each row says which.
  const more = [
    texts('features_as_of', ({ featuresAsOf }) => featuresAsOf?.replace(/\.?0+Z$/, 'Z') ?? null),
    texts('version', ({ model }) => model.version),
    texts('arm', ({ model }) => model.arm),
  ]
  return { said: predictions.map(({ said }) => said), model: predictions[0]!.model, more }
}

function atRow(error: PlatformError, row: number): PlatformError {
  return new PlatformError(error.code, `row ${row}: ${error.message}`, { details: error.details, cause: error })
}

/** The features are the inputs; the join keys, which may be sent instead, are told beside them. */
export function metadataOf(serving: Serving, name: string): ModelMetadata {
  const { keys, features } = serving.fieldsOf(name)
  const says = serving.saysOf(name)
  const { one, all } = probabilitiesOf(says)
  const live = serving.current(name)
  const column = (tensor: string, datatype: string): TensorMetadata => ({ name: tensor, datatype, shape: [-1] })
  return {
    name,
    versions: live ? [live.version] : [],
    platform: 'weir',
    inputs: features.map((feature) => column(feature.name, DATATYPE_OF[feature.type])),
    outputs: [
      column('prediction', predicts(says)),
      ...(one ? [column('probability', 'FP64')] : []),
      ...(all ? [{ ...column('probabilities', 'FP64'), shape: [-1, -1] }] : []),
    ],
    parameters: { keys: keys.map((key) => `${key.name} ${DATATYPE_OF[key.type]}`).join(', ') },
  }
}

function predicts({ kind, labels }: Says): 'BYTES' | 'INT64' | 'FP64' {
  return kind === 'regression' ? 'FP64' : labels === 'text' ? 'BYTES' : 'INT64'
}

function probabilitiesOf({ kind, labels }: Says): { one: boolean; all: boolean } {
  return { one: kind === 'binary', all: kind === 'multiclass' || (kind === 'binary' && labels === 'text') }
}
