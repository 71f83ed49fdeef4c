import { randomBytes } from 'node:crypto'
import { messageOf, PlatformError } from '../base/errors.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { Fit } from './fit.ts'
import type { Pinned } from './pin.ts'
import { recordedInputs } from './recorded-inputs.ts'

/**
 * How the champion is measured on rows that it has not learned from. `own`: its fit left them out (or there is no champion).
 * `again`: it was learned anew from what it was trained from, but for those rows, and that model stands in for it. `seen`: not
 * at all, and why: whatever it gains there says nothing.
 */
export type FairChampion = { pinned: Pinned; how: 'own' | 'again' } | { pinned: Pinned; how: 'seen'; reason: string }

type Deps = {
  tracking: Pick<TrackingApi, 'runs' | 'artifacts'>
  learn: (pinned: Pinned, dataset: TrainingSetRef) => Promise<Pick<Fit, 'model'>>
}

export async function fairChampion({ tracking, learn }: Deps, pinned: Pinned): Promise<FairChampion> {
  const { champion, definitions } = pinned
  const { holdOut } = definitions.model.split
  if (!champion || champion.holdOut > 0) return { pinned, how: 'own' }
  const seen = (reason: string): FairChampion => ({ pinned, how: 'seen', reason })
  const recorded = await recordedInputs(tracking, champion.runId)
  if ('reason' in recorded) return seen(recorded.reason)
  const then = recorded.pinned
  if (then.definitions.model.learner.kind === 'trainer') return seen('a command of the project trained it')
  const model = { ...then.definitions.model, split: { ...then.definitions.model.split, holdOut } }
  const again: Pinned = {
    ...then,
    // No run is made of it: the id only names what a search notes on its way.
    runId: randomBytes(16).toString('hex'),
    threads: pinned.threads,
    champion: null,
    definitions: { ...then.definitions, model },
  }
  try {
    const { model: standIn } = await learn(again, recorded.trainingSet)
    return { pinned: { ...pinned, champion: { ...champion, holdOut, standIn } }, how: 'again' }
  } catch (error) {
    // A cancel and a database that is away are no facts about the champion.
    if (!(error instanceof PlatformError) || !FACTS.has(error.code)) throw error
    return seen(`it cannot be learned again: ${messageOf(error)}`)
  }
}

const FACTS: ReadonlySet<string> = new Set([
  'not_found',
  'invalid_argument',
  'corrupt',
  'file_gone',
  'unsupported',
  'conflict',
])
