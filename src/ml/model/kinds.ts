/**
 * What a fitted model can be: a tagged union, and one entry for each kind that says how such a model answers, is written,
 * read, checked and told in ONNX. Nobody else asks what kind a model is. How each is learned is in learn/learners.ts, by
 * the same tags.
 */
import { PlatformError } from '../../base/errors.ts'
import type { Explainer } from '../explain/explainer.ts'
import { explainAdditive, explainBoosted, explainCurves, explainForest } from '../explain/explainers.ts'
import { type Additive, findAdditiveFault, predictAdditive, predictAllAdditive } from './additive.ts'
import { additiveArrays, packAdditive, unpackAdditive } from './additive-file.ts'
import { type Boosted, boostedPredict, boostedPredictAll, findBoostedFault } from './boosted.ts'
import { boostedArrays, packBoosted, unpackBoosted } from './boosted-file.ts'
import { type Curves, findCurvesFault, predictAllCurves, predictCurves } from './curves.ts'
import { curvesArrays, packCurves, unpackCurves } from './curves-file.ts'
import type { EncoderSpec } from './encoder.ts'
import { type Forest, findForestFault, forestPredict, forestPredictAll } from './forest.ts'
import { forestArrays, packForest, unpackForest } from './forest-file.ts'
import { type Given, openGiven, predictAllGiven, predictGiven } from './given/given.ts'
import { givenArrays, packGiven, unpackGiven } from './given/given-file.ts'
import { OUTCOME_OF_LINK } from './link.ts'
import type { ArraySpec, ModelArray } from './model-arrays.ts'
import type { Refusal } from './model-header.ts'
import { onnxOfAdditive } from './onnx-additive.ts'
import { onnxOfCurves } from './onnx-curves.ts'
import { type OnnxForm, onnxOfBoosted, onnxOfForest } from './onnx-forms.ts'
import type { Outcome } from './outcome.ts'
import type { Matrix } from './trees.ts'

export type ForestKind = 'random_forest' | 'extra_trees'
export type ForestModel = { kind: ForestKind; forest: Forest }
export type BoostedModel = { kind: 'gradient_boosting'; boosted: Boosted }
/** Regressions that are sums of curves: lines, or splines. */
export type CurvesKind = 'logistic_regression' | 'ridge_regression' | 'spline_regression'
export type CurvesModel = { kind: CurvesKind; curves: Curves }

export type AdditiveModel = { kind: 'additive_model'; additive: Additive }

/** Learned by somebody else. */
export type GivenModel = { kind: 'onnx'; given: Given }

export type Learned = ForestModel | BoostedModel | CurvesModel | AdditiveModel | GivenModel
export type LearnedKind = Learned['kind']
type ModelOf<K extends LearnedKind> = K extends CurvesKind
  ? CurvesModel
  : K extends ForestKind
    ? ForestModel
    : Extract<Learned, { kind: K }>

export type ModelKind<M extends Learned> = {
  /** The first layout of the model file whose readers know this kind; one with covers is of layout 3. */
  layout: 1 | 2 | 3
  /** How many trees it has. */
  trees(model: M): number
  /** How many numbers it gives for a row (outcome.ts). */
  outputs(model: M): number
  /** What its outputs mean. */
  gives(model: M): Outcome['kind']
  /** Writes its outputs for one encoded row into `out`. */
  predict(model: M, row: Float64Array, out: Float64Array): void
  /** The same for every row of a matrix, row after row, and the same numbers to the bit. */
  predictAll(model: M, matrix: Matrix): Float64Array
  /** What would make a walk loop, leave, or give no probability. Everything else has been checked. */
  findFault(model: M, encoder: EncoderSpec): string | undefined
  /** What stands in the description, and the arrays, greater numbers first. */
  pack(model: M): { header: Record<string, unknown>; arrays: ModelArray[] }
  /** The arrays that a description announces, in the same order, and what makes a model of them. */
  unpacker(
    header: Record<string, unknown>,
    columns: number,
    refusal: Refusal,
  ): { arrays: ArraySpec[]; unpack(arrays: ModelArray[]): M }
  onnx(model: M, encoder: EncoderSpec): OnnxForm
  /** What each column adds to its sums; refused (unsupported) where its file does not say enough. */
  explain(model: M): Explainer
  /** Of one that is an ONNX file: that file. */
  onnxFile?(model: M): Uint8Array
  /** Makes it ready to answer, where that takes time; refuses what will not answer. */
  open?(model: M): void
}

function forestKind(kind: ForestKind): ModelKind<ForestModel> {
  return {
    layout: kind === 'random_forest' ? 1 : 3,
    trees: ({ forest }) => forest.trees,
    outputs: ({ forest }) => forest.outputs,
    gives: ({ forest }) => (forest.outputs > 1 ? 'multiclass' : forest.link === 'share' ? 'binary' : 'regression'),
    predict: ({ forest }, row, out) => forestPredict(forest, row, out),
    predictAll: ({ forest }, matrix) => forestPredictAll(forest, matrix),
    findFault: ({ forest }, encoder) =>
      encoder.columns.some((column) => column.kind === 'category')
        ? 'a forest does not ask for sets'
        : findForestFault(forest),
    pack: ({ forest }) => packForest(forest),
    unpacker(header, columns, refusal) {
      const sizes = forestArrays(header, refusal)
      return {
        arrays: sizes.arrays,
        unpack: (arrays) => ({ kind, forest: unpackForest(sizes, columns, arrays) }),
      }
    },
    onnx: ({ forest }) => onnxOfForest(forest),
    explain: ({ forest }) => explainForest(forest),
  }
}

function curvesKind(kind: CurvesKind): ModelKind<CurvesModel> {
  return {
    layout: 2,
    trees: () => 0,
    outputs: ({ curves }) => curves.outputs,
    gives: ({ curves }) => OUTCOME_OF_LINK[curves.link],
    predict: ({ curves }, row, out) => predictCurves(curves, row, out),
    predictAll: ({ curves }, matrix) => predictAllCurves(curves, matrix),
    findFault: ({ curves }, encoder) => findCurvesFault(curves, encoder),
    pack: ({ curves }) => packCurves(curves),
    unpacker(header, columns, refusal) {
      const sizes = curvesArrays(header, columns, refusal)
      return { arrays: sizes.arrays, unpack: (arrays) => ({ kind, curves: unpackCurves(sizes, columns, arrays) }) }
    },
    onnx: ({ curves }, encoder) => onnxOfCurves(curves, encoder),
    explain: ({ curves }) => explainCurves(curves),
  }
}

const KINDS: { [K in LearnedKind]: ModelKind<ModelOf<K>> } = {
  random_forest: forestKind('random_forest'),
  extra_trees: forestKind('extra_trees'),
  gradient_boosting: {
    layout: 2,
    trees: ({ boosted }) => boosted.trees,
    outputs: ({ boosted }) => boosted.base.length,
    gives: ({ boosted }) => OUTCOME_OF_LINK[boosted.link],
    predict: ({ boosted }, row, out) => boostedPredict(boosted, row, out),
    predictAll: ({ boosted }, matrix) => boostedPredictAll(boosted, matrix),
    findFault: ({ boosted }, encoder) => findBoostedFault(boosted, encoder),
    pack: ({ boosted }) => packBoosted(boosted),
    unpacker(header, columns, refusal) {
      const sizes = boostedArrays(header, refusal)
      return {
        arrays: sizes.arrays,
        unpack: (arrays) => ({ kind: 'gradient_boosting', boosted: unpackBoosted(sizes, columns, arrays) }),
      }
    },
    onnx: ({ boosted }, encoder) => onnxOfBoosted(boosted, encoder),
    explain: ({ boosted }) => explainBoosted(boosted),
  },
  additive_model: {
    layout: 2,
    trees: () => 0,
    outputs: ({ additive }) => additive.outputs,
    gives: ({ additive }) => OUTCOME_OF_LINK[additive.link],
    predict: ({ additive }, row, out) => predictAdditive(additive, row, out),
    predictAll: ({ additive }, matrix) => predictAllAdditive(additive, matrix),
    findFault: ({ additive }, encoder) => findAdditiveFault(additive, encoder),
    pack: ({ additive }) => packAdditive(additive),
    unpacker(header, columns, refusal) {
      const sizes = additiveArrays(header, columns, refusal)
      return {
        arrays: sizes.arrays,
        unpack: (arrays) => ({ kind: 'additive_model', additive: unpackAdditive(sizes, columns, arrays) }),
      }
    },
    onnx: ({ additive }, encoder) => onnxOfAdditive(additive, encoder),
    explain: ({ additive }) => explainAdditive(additive),
  },
  onnx: {
    layout: 2,
    trees: () => 0,
    outputs: ({ given }) => given.outputs,
    gives: ({ given }) => given.gives,
    predict: ({ given }, row, out) => predictGiven(given, row, out),
    predictAll: ({ given }, matrix) => predictAllGiven(given, matrix),
    findFault: ({ given }, encoder) =>
      encoder.columns.length === given.encoder.columns.length ? undefined : 'columns',
    pack: ({ given }) => packGiven(given),
    unpacker(header, _columns, refusal) {
      const sizes = givenArrays(header, refusal)
      return { arrays: sizes.arrays, unpack: (arrays) => ({ kind: 'onnx', given: unpackGiven(sizes, arrays) }) }
    },
    onnx: noForm,
    explain() {
      throw new PlatformError('unsupported', 'a model that a trainer of the project gave as ONNX cannot be explained')
    },
    onnxFile: ({ given }) => given.bytes,
    open: ({ given }) => void openGiven(given),
  },
  logistic_regression: curvesKind('logistic_regression'),
  ridge_regression: curvesKind('ridge_regression'),
  spline_regression: curvesKind('spline_regression'),
}

function noForm(): never {
  throw new Error('a given model is its own ONNX file')
}

export function kindOf<M extends Learned>(model: M): ModelKind<M> {
  return KINDS[model.kind] as unknown as ModelKind<M>
}

/** Whether it can be said what each column adds to its answers. */
export function isExplained(model: Learned): boolean {
  return model.kind !== 'onnx'
}

export function findKind(name: string): ModelKind<Learned> | undefined {
  return Object.hasOwn(KINDS, name) ? (KINDS[name as LearnedKind] as unknown as ModelKind<Learned>) : undefined
}

export function predictAll(model: Learned, matrix: Matrix): Float64Array {
  return kindOf(model).predictAll(model, matrix)
}
