/**
 * From anything to what it came from, and to all that it touched. Up and down are walked apart: what else came of the same
 * delivery is not what was asked. Nothing is recorded for it: each step asks the room that knows.
 */
import { messageOf, PlatformError } from '../base/errors.ts'
import { limitOf, shown } from '../wire/limits.ts'
import type { LineageKind, LineageNode } from '../wire/lineage.ts'
import { type LineageDeps, type Place, rooms } from './lineage-rooms.ts'

export type Lineage = {
  of: string
  nodes: LineageNode[]
  edges: { from: string; to: string }[]
  complete: boolean
  unanswered: string | null
}

export async function lineageOf(deps: LineageDeps, text: string): Promise<Lineage> {
  const known = rooms(deps)
  const nodes = new Map<string, LineageNode>()
  const edges = new Map<string, { from: string; to: string }>()
  const most = limitOf('lineageNodes')
  let complete = true
  let unanswered: string | null = null

  /** Another tracking server that does not answer hides nothing of what we know ourselves. */
  async function ask(look: () => Promise<Place[]>): Promise<Place[]> {
    try {
      return await look()
    } catch (error) {
      if (!deps.elsewhere || !(error instanceof PlatformError)) throw error
      unanswered = messageOf(error)
      return []
    }
  }

  async function walk(start: Place, way: 'up' | 'down'): Promise<void> {
    const done = new Set([idOf(start)])
    let open = [start]
    while (open.length > 0) {
      const next: Place[] = []
      for (const place of open) {
        for (const found of await ask(() => known[place.kind][way](place.name))) {
          const id = idOf(found)
          if (!nodes.has(id)) {
            if (nodes.size >= most) {
              complete = false
              continue
            }
            const [node] = await nodeOf(found)
            if (!node) continue
            nodes.set(id, node)
          }
          const edge = way === 'up' ? { from: id, to: idOf(place) } : { from: idOf(place), to: id }
          edges.set(`${edge.from} ${edge.to}`, edge)
          if (!done.has(id)) next.push(found)
          done.add(id)
        }
      }
      open = next
    }
  }

  /** None where it is gone: a run that was removed for good, a source of a file that nobody recorded. */
  async function nodeOf({ kind, name }: Place): Promise<LineageNode[]> {
    try {
      const node = await known[kind].node(name)
      return node ? [{ ...BARE, id: idOf({ kind, name }), kind, name, ...node }] : []
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      if (error.code !== 'not_found') unanswered = messageOf(error)
      return []
    }
  }

  for (const start of placesOf(text)) {
    const [node] = await nodeOf(start)
    if (!node) continue
    nodes.set(node.id, node)
    await walk(start, 'up')
    await walk(start, 'down')
    return { of: node.id, nodes: [...nodes.values()], edges: [...edges.values()], complete, unanswered }
  }
  if (unanswered !== null) throw new PlatformError('unavailable', `${shown(text)} cannot be looked up: ${unanswered}`)
  const like = 'users/2024-01-31/v1, the digest of a file or training set, the id of a run, or churn/3'
  throw new PlatformError('not_found', `nothing is known of ${shown(text)}; name a snapshot (${like})`)
}

const BARE = { at: null, rows: null, state: null, says: null, delivery: null, experiment: null, periods: null }

export function idOf({ kind, name }: Place): string {
  return `${kind}:${name}`
}

const PREFIX = /^(file|snapshot|training_set|run|version|view|answers):(.+)$/s

/** What a text may name, the likeliest first. */
export function placesOf(text: string): Place[] {
  const [, kind, name] = PREFIX.exec(text) ?? []
  if (kind !== undefined && name !== undefined) return [{ kind: kind as LineageKind, name }]
  const of = (...kinds: LineageKind[]) => kinds.map((one) => ({ kind: one, name: text }))
  if (/^[0-9a-f]{64}$/.test(text)) return of('file', 'training_set', 'snapshot')
  if (/\/v[1-9]\d*$/.test(text)) return of('snapshot')
  return /\/[1-9]\d*$/.test(text) ? of('version', 'run') : of('run', 'view')
}
