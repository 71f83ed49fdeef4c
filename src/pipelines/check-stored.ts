import { PlatformError } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'
import type { Lake } from '../lake/lake.ts'
import { stateOfObject } from '../lake/named-by-digest.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { remedyOf } from '../lake/snapshot-path.ts'
import { decodeModel } from '../ml/model/model-file.ts'
import type { ModelVersion, Registry } from '../registry/registry.ts'
import { isOwn } from '../registry/source.ts'
import type { Tracking } from '../tracking/tracking.ts'

/** A stored file that is not what was recorded of it. */
export type Damage = { what: string; state: 'damaged' | 'missing'; says: string; remedy: string }

export type Checked = { snapshots: number; datasets: number; versions: number; damage: Damage[] }

type Deps = { lake: Lake; objects: ObjectStore; tracking: Tracking; registry: Registry }

/** The files of a version whose digest its run recorded, by the tag that has it. */
const RECORDED: Record<string, string> = { 'model.weir': 'weir.model_digest', 'model.onnx': 'weir.onnx_digest' }

/**
 * Reads everything that is kept from the first byte to the last: all snapshots, kept training sets and trained models by
 * their names, and the files of every registered version by what they were at its registration, and by what its run recorded. Names each that is damaged or gone.
 */
export async function checkStored(deps: Deps, onProgress: (says: string) => void = () => {}): Promise<Checked> {
  const damage: Damage[] = []
  const snapshots = new Map((await deps.lake.history()).map((snapshot) => [snapshot.objectKey, snapshot]))
  onProgress(`${snapshots.size} snapshots`)
  for (const [key, snapshot] of snapshots) {
    const state = await stateOfObject(deps.objects, key)
    if (state === 'intact') continue
    damage.push({ what: `snapshot ${snapshot.id}`, state, says: key, remedy: remedyOf(snapshot) })
  }
  const kept = await keysOf(deps.objects, ['datasets', 'models'])
  onProgress(`${kept.length} training sets and trained models`)
  for (const key of kept) {
    const state = await stateOfObject(deps.objects, key)
    // Listed a moment ago: what is gone now was removed meanwhile.
    if (state === 'damaged') damage.push({ what: key, state, says: key, remedy: 'delete it; it will be made again' })
  }
  let versions = 0
  for (const model of await deps.registry.listModels()) {
    for (const version of await deps.registry.versionsOf(model.name)) {
      versions++
      damage.push(...(await damageOf(deps, version)))
    }
  }
  onProgress(`${versions} registered versions`)
  return { snapshots: snapshots.size, datasets: kept.length, versions, damage }
}

async function keysOf(objects: ObjectStore, folders: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(folders.map((folder) => objects.list(folder)))
  return lists.flat().flatMap(({ key }) => (/\/[0-9a-f]{64}\.[a-z.]+$/.test(key) ? [key] : []))
}

async function damageOf({ tracking }: Deps, version: ModelVersion): Promise<Damage[]> {
  // A version whose files are elsewhere has none of ours.
  if (!isOwn(version.location)) return []
  const what = `${version.name} version ${version.version}`
  const remedy = 'put the file back from a backup, or promote another version'
  const changes = await tracking.artifacts
    .changes(version.location)
    .catch(otherwise(['invalid_argument', 'not_found'], []))
  if (changes.length > 0) {
    return changes.map(({ path, state }) => ({ what, state, says: `${version.location}/${path}`, remedy }))
  }
  const run = version.runId
    ? await tracking.runs.get(version.runId).catch(otherwise(['not_found'], undefined))
    : undefined
  const tags = new Map(run?.tags.map(({ key, value }) => [key, value]))
  const found: Damage[] = []
  for (const [file, tag] of Object.entries(RECORDED)) {
    const recorded = tags.get(tag)
    const says = `${version.location}/${file}`
    try {
      const bytes = await tracking.artifacts.read(version.location, file)
      if (recorded !== undefined && sha256Hex(bytes) !== recorded) throw new PlatformError('corrupt', 'other bytes')
      if (file === 'model.weir') decodeModel(bytes)
    } catch (error) {
      const code = error instanceof PlatformError ? error.code : undefined
      if (code === 'corrupt') found.push({ what, state: 'damaged', says, remedy })
      // A version of somebody else's making has none of our files.
      else if (code === 'not_found' && recorded !== undefined) found.push({ what, state: 'missing', says, remedy })
      else if (code !== 'not_found' && code !== 'invalid_argument') throw error
    }
  }
  return found
}

/** Takes errors of these codes for a value; all others are thrown on. */
function otherwise<T>(codes: readonly string[], value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof PlatformError && codes.includes(error.code)) return value
    throw error
  }
}
