/** `GET /predict`, what can be predicted; `POST /models/{name}/what-if`, with features of the caller's own. */
import { z } from 'zod'
import { VALUE_TYPES } from '../values/values.ts'
import { type Prediction, type PredictionFields, predictionOf } from './predict.ts'
import { predictionJson } from './predict-json.ts'
import { type Field, keyOf } from './values.ts'

const text = z.string()
const said = (description: string) => text.meta({ description })
const field = z.object({
  name: said('Its name.'),
  type: z.enum(VALUE_TYPES).meta({ description: 'The type of its values.' }),
})

export const predictModel = z.object({
  name: said('Name of the model.'),
  predicts: z
    .enum(['binary', 'multiclass', 'regression'])
    .meta({ description: 'Two outcomes, several classes, or a number.' }),
  default: z.boolean().meta({ description: 'Whether POST /predict means it.' }),
  keys: z.array(field).meta({ description: 'The join keys that name an entity, in their order.' }),
  entities: z.array(text).meta({ description: 'Whose keys these are: GET /entities/{entity}/keys completes them.' }),
  features: z.array(field).meta({ description: 'In the order of the feature service.' }),
  live: z
    .object({
      version: said('Its version number.'),
      run_id: said('The run that trained it; empty when it was registered without one.'),
    })
    .nullable()
    .meta({ description: 'The version that answers; null where none is promoted, or it cannot be loaded.' }),
})
export type PredictModel = z.output<typeof predictModel>
export const predictModels = z.object({
  models: z.array(predictModel).meta({ description: 'In the order of the project file.' }),
})
export type PredictModels = z.output<typeof predictModels>

export function whatIfRequest(keys: readonly Field[]) {
  return z.strictObject({
    key: keyOf(keys).meta({ description: 'The entity, as /predict takes it.' }),
    features: z
      .record(text, z.unknown())
      .meta({ description: 'By name, the values to use instead of the live values; null is a value.' }),
  })
}
export type WhatIfRequest = { key: Record<string, unknown>; features: Record<string, unknown> }

export function whatIfOf(fields: PredictionFields) {
  const one = predictionOf(fields)
  return z.object({
    as_is: one.meta({ description: 'With the live features, explained.' }),
    what_if: one.meta({ description: 'With those of the caller in their place, by the same version.' }),
    changed: z.array(text).meta({ description: 'The features that were given, in the order of the service.' }),
  })
}

export type WhatIf = { asIs: Prediction; whatIf: Prediction; changed: readonly string[] }

export function whatIfJson({ asIs, whatIf, changed }: WhatIf): string {
  return `{"as_is":${predictionJson(asIs)},"what_if":${predictionJson(whatIf)},"changed":${JSON.stringify(changed)}}`
}
