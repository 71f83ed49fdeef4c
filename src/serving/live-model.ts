import type { Model } from '../ml/model/model-file.ts'
import type { Outside } from './onnx/onnx-model.ts'

/** A version that is loaded and answers. */
export type LiveModel = {
  name: string
  version: string
  runId: string
  model: Model
  keyNames: readonly string[]
  featureNames: readonly string[]
  inputs: Model['encoder']['spec']['inputs']
  /** What is asked instead of the model: a client's ONNX model, in a process of its own. */
  outside?: Outside
  /** Where it was loaded from: a model that is deleted and made anew begins again with version 1. */
  source: string
}
