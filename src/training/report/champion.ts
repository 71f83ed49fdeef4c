import { messageOf } from '../../base/errors.ts'
import { getVerified } from '../../lake/named-by-digest.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import { ownFilesOf } from '../../registry/source.ts'
import type { TrackingApi } from '../../tracking/tracking.ts'
import type { StoredFile } from '../keep-file.ts'

/** The version that a new one is compared with: the newest in Production when the training was asked for. */
export type PinnedChampion = {
  name: string
  version: number
  location: string
  /** What share of the entities its own fit never saw; 0 where it is not known. */
  holdOut: number
  /** Absent in what was pinned before it was asked for. */
  runId?: string | null
  /** The same learned again without the rows that are kept from every fit (stand-in.ts), where it had seen them. */
  standIn?: StoredFile
}

/** Its model file; or why it cannot be read, in words. */
export type ChampionFile = { version: number; holdOut: number; bytes: Uint8Array } | { version: number; reason: string }

/** Of the registry, what is asked here. */
export type ProductionVersions = {
  inStage(
    name: string,
    stage: 'Production',
  ): Promise<{ name: string; version: number; location: string; runId: string | null } | undefined>
}

export async function pinChampion(
  { registry, tracking }: { registry: ProductionVersions; tracking: Pick<TrackingApi, 'runs'> },
  model: string,
): Promise<PinnedChampion | null> {
  const found = await registry.inStage(model, 'Production')
  if (!found) return null
  const { name, version, location, runId } = found
  // A version can be registered without a run, and a run can be deleted: then nothing says what it never saw.
  const run = runId ? await tracking.runs.get(runId).catch(() => undefined) : undefined
  const holdOut = Number(run?.params.find(({ key }) => key === 'hold_out')?.value ?? 0)
  return { name, version, location, runId, holdOut: Number.isFinite(holdOut) ? holdOut : 0 }
}

/** A champion that cannot be read is no reason to train nothing: the report says why there is no comparison. */
export async function readChampion(
  { artifacts }: Pick<TrackingApi, 'artifacts'>,
  objects: ObjectStore,
  champion: PinnedChampion,
): Promise<ChampionFile> {
  const { version, holdOut, standIn } = champion
  try {
    if (standIn) return { version, holdOut, bytes: new Uint8Array(await getVerified(objects, standIn.objectKey)) }
    const { read, readVersion = read } = artifacts
    return { version, holdOut, bytes: new Uint8Array(await readVersion(ownFilesOf(champion), 'model.weir')) }
  } catch (error) {
    return { version, reason: `its model file cannot be read: ${messageOf(error)}` }
  }
}
