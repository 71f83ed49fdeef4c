import { PlatformError } from '../base/errors.ts'
import { withinMs } from '../base/within.ts'
import { isAway } from '../base/world.ts'
import type { ObjectStore } from '../lake/objects.ts'

/** The object that says whose a store is. It is copied with the others when a store is moved. */
export const MARK = 'weir-home.json'

/** A store that is away does not keep a process from starting that works without it for now. */
const ASK_MS = 5_000

/** The id of the home that the store belongs to; undefined where it says nothing, 'away' where it does not answer. */
export async function readMark(objects: ObjectStore): Promise<string | undefined> {
  try {
    return idIn(await withinMs('the object store', ASK_MS, () => objects.get(MARK)))
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'not_found') return undefined
    if (isAway(error)) return 'away'
    throw error
  }
}

/** Whether the store answers and has what it always has; throws when not. */
export async function requireMark(objects: ObjectStore): Promise<void> {
  if (await objects.stat(MARK)) return
  throw new PlatformError('file_gone', `the object store has no ${MARK}: it was emptied, or is another one`, {
    toCallers: 'the object store is empty or another one',
  })
}

/** Marks a store that has no mark; gives the home that it belongs to then, which may be another. */
export async function markedBy(objects: ObjectStore, homeId: string): Promise<string> {
  await objects.putNew(MARK, bytesOf(homeId))
  return idIn(await objects.get(MARK))
}

/** Whoever it belonged to, from now on it is this home's. */
export async function takeStore(objects: ObjectStore, homeId: string): Promise<void> {
  await objects.put(MARK, bytesOf(homeId))
}

function bytesOf(homeId: string): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ home_id: homeId })}\n`)
}

function idIn(bytes: Buffer): string {
  try {
    const { home_id } = JSON.parse(bytes.toString('utf8')) as { home_id?: unknown }
    if (typeof home_id === 'string') return home_id
  } catch {
    // Told below.
  }
  throw new PlatformError(
    'corrupt',
    `the object ${MARK} of the object store does not say whose the store is; it should be {"home_id": "…"}, as \`select home_id from home.home\` gives it`,
  )
}
