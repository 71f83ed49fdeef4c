import type { TrainingSetRef } from '../../features/offline/training-set.ts'
import type { Split } from '../../ml/learn/splits.ts'
import { categoriesOf } from '../../ml/model/encoder.ts'
import { type Frame, framePart, weightColumn } from '../frame.ts'
import type { Pinned } from '../pin.ts'

export const SPLIT_COLUMN = 'weir_split'
export const FILES = { rows: 'training-set.parquet', manifest: 'manifest.json' } as const

/** By row of the training set: `train`, `test`, or null for one that is held out, and never handed over. */
export function rolesOf(rows: number, split: Split): ('train' | 'test' | null)[] {
  const roles = new Array<'train' | 'test' | null>(rows).fill(null)
  for (const r of split.train) roles[r] = 'train'
  for (const r of split.test) roles[r] = 'test'
  return roles
}

type Given = { pinned: Pinned; dataset: TrainingSetRef; frame: Frame; split: Split; fileDigest: string }

/** What the trainer is told, beside the rows: docs/guide/trainers.md says what each part means. */
export function manifestOf({ pinned, dataset, frame, split, fileDigest }: Given) {
  const { definitions, asOf, from, knownAt, mode } = pinned
  const open = Uint32Array.from([...split.train, ...split.test]).sort()
  const { inputs } = split.holdOut.length === 0 ? frame : framePart(frame, open)
  const at = dataset.columns.findIndex(({ name }) => name === 'event_timestamp')
  return {
    format: 1,
    model: pinned.model,
    asOf,
    from: from ?? null,
    knownAt,
    mode,
    trainingSet: { digest: dataset.digest, identity: dataset.identity, rows: dataset.rows },
    file: { name: FILES.rows, digest: fileDigest, rows: open.length },
    keys: dataset.columns.slice(0, at).map(({ name, type }) => ({ name, type })),
    timestamp: 'event_timestamp',
    features: inputs.map((input) => ({
      name: input.name,
      type: input.type,
      nullable: input.valid.includes(0),
      ...(input.type === 'String' ? { categories: categoriesOf(input) } : {}),
    })),
    label: { name: dataset.label, ...labelOf(frame) },
    weight: weightColumn(definitions.model),
    split: {
      column: SPLIT_COLUMN,
      by: split.by,
      seed: definitions.model.split.seed,
      train: split.train.length,
      test: split.test.length,
      heldOut: split.holdOut.length,
    },
    digests: { definitions: pinned.definitionsDigest, code: pinned.code, projectCode: pinned.projectCode ?? null },
  }
}

/** Classes in the order in which the model's probabilities stand; of two, the positive one is the second. */
function labelOf({ target, classes }: Frame): { kind: string; classes?: readonly unknown[] } {
  return target.kind === 'regression' ? { kind: target.kind } : { kind: target.kind, classes }
}
