import { digestOf } from '../base/hash.ts'
import { displayInstant } from '../base/instant.ts'
import type { TrainingInput } from '../features/offline/training-set.ts'
import type { Definitions, Pinned } from '../training/training.ts'

/** The parts of the project that are not what the run recorded: by name, such as "label churned". */
export function definitionDifferences(recorded: Definitions, now: Definitions): string[] {
  const before = partsOf(recorded)
  const after = partsOf(now)
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((part) => {
    if (!after.has(part)) return [`${part} is no longer used by the model`]
    if (!before.has(part)) return [`${part} was not used by the model`]
    return before.get(part) === after.get(part) ? [] : [`${part} is defined otherwise now`]
  })
}

function partsOf({ model, service, views, onDemand, entities, label }: Definitions): Map<string, string> {
  const named: [string, { name: string }][] = [
    ['model', withoutCode(model)],
    ['feature service', service],
    ['label', label],
    ...views.map((view): [string, { name: string }] => ['feature view', view]),
    ...onDemand.map((view): [string, { name: string }] => ['on-demand view', declared(view)]),
    ...entities.map((entity): [string, { name: string }] => ['entity', entity]),
  ]
  return new Map(named.map(([what, part]) => [`${what} ${part.name}`, digestOf(part)]))
}

/** Its function is compared with the files of the project, which are told by name. */
function declared({ code: _, ...view }: Definitions['onDemand'][number]): { name: string } {
  return view
}

/** The same of a trainer. */
function withoutCode({ learner, ...model }: Definitions['model']): { name: string } {
  const { code: _, ...told } = learner as typeof learner & { code?: string }
  return { ...model, learner: told } as { name: string }
}

/** What both know of the code: Weir's own by its digest, and what it is installed with. */
export function codeDifferences(recorded: Pinned, now: Pinned): string[] {
  const [lock, lockNow] = [recorded.lockFile.digest, now.lockFile.digest]
  return [
    ...(recorded.code === now.code ? [] : [`the code of Weir: ${short(recorded.code)} then, ${short(now.code)} now`]),
    ...(lock === lockNow ? [] : [`package-lock.json: ${short(lock ?? 'none')} then, ${short(lockNow ?? 'none')} now`]),
  ]
}

export function versionDifferences(recorded: Pinned, now: Pinned): string[] {
  const names = Object.keys({ ...recorded.versions, ...now.versions }) as (keyof Pinned['versions'])[]
  return names
    .filter((name) => recorded.versions[name] !== now.versions[name])
    .map((name) => `${name}: ${recorded.versions[name] ?? 'none'} then, ${now.versions[name] ?? 'none'} now`)
}

/** Which snapshots the training set was made from that are not, or are others, now. */
export function inputDifferences(recorded: readonly TrainingInput[], now: readonly TrainingInput[]): string[] {
  const key = ({ source, moment, validAt, snapshotId }: TrainingInput) => `${source} ${moment} ${validAt} ${snapshotId}`
  const found = new Map(now.map((input) => [key(input), input]))
  const before = new Set(recorded.map(key))
  return [
    ...recorded.flatMap((input) => {
      const again = found.get(key(input))
      const named = `the delivery of ${input.source} of ${displayInstant(input.validAt)}`
      if (!again) return [`${named} (${short(input.digest)}) is not seen any more: withdrawn, or not in this store`]
      if (again.digest === input.digest) return []
      return [`${named} was ${short(input.digest)} and is ${short(again.digest)} now: somebody was erased from it`]
    }),
    ...now
      .filter((input) => !before.has(key(input)))
      .map((input) => `the delivery of ${input.source} of ${displayInstant(input.validAt)} was not seen then`),
  ]
}

function short(digest: string): string {
  return digest.slice(0, 12)
}
