import { digestOf } from '../base/hash.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import type { Pinned } from './pin.ts'

/**
 * Names a training by what decides the model's bytes: the bytes of the training set, the definitions, and the code with
 * what it runs on. Not by K or the number of threads, so that asking again gives the same name.
 */
export function identityOf(pinned: Pinned, dataset: Pick<TrainingSetRef, 'digest'>): string {
  const { model, asOf, from, mode, definitionsDigest, code, lockFile, versions } = pinned
  const lock = lockFile.digest
  return digestOf({ model, asOf, from, mode, definitionsDigest, code, lock, versions, dataset: dataset.digest })
}
