import type { Instant } from '../base/instant.ts'
import type { Entry } from './audit-read.ts'

/** A stage or an alias as it stood at a moment. */
export type Standing = {
  model: string
  kind: 'stage' | 'alias'
  /** The stage or the alias. */
  place: string
  version: number
  since: Instant
  by: string
  why: string | null
  /** The row that put it there. */
  seq: number
  /** When the model was deleted, and what it is called now, where that came later. */
  deletedAt: Instant | null
  renamedTo: string | null
}

type Model = { name: string; places: Map<string, Standing>; deletedAt: Instant | null; renamedTo: string | null }

/**
 * What stood in each stage but None, and at each alias, at a moment: the rows of the trail up to then, one after the other.
 * A model that is deleted takes all of its own with it, so that one made anew of its name begins with nothing.
 */
export function liveAt(entries: readonly Entry[], at: Instant): Standing[] {
  const models = new Map<string, Model>()
  const then = entries.filter((entry) => entry.at <= at)
  const later = entries.filter((entry) => entry.at > at)
  for (const entry of then) apply(models, entry)
  const standing = [...models.values()]
  // What became of those models since, by the names that they had meanwhile.
  const now = new Map(models)
  for (const entry of later) follow(now, entry)
  return standing
    .flatMap(({ name, places, deletedAt, renamedTo }) =>
      [...places.values()].map((place) => ({ ...place, model: name, deletedAt, renamedTo })),
    )
    .sort((a, b) => order(a, b))
}

function order(a: Standing, b: Standing): number {
  return compare(a.model, b.model) || compare(b.kind, a.kind) || compare(a.place, b.place) || a.version - b.version
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function apply(models: Map<string, Model>, entry: Entry): void {
  const name = entry.model ?? ''
  if (entry.action === 'model.renamed') return void rename(models, entry)
  if (entry.action === 'model.deleted') return void models.delete(name)
  const model = models.get(name) ?? { name, places: new Map(), deletedAt: null, renamedTo: null }
  models.set(name, model)
  const version = entry.onKind === 'version' ? Number(entry.onName.slice(entry.onName.lastIndexOf('/') + 1)) : null
  if (entry.action === 'version.deleted') {
    for (const [key, place] of model.places) if (place.version === version) model.places.delete(key)
    return
  }
  if (entry.action === 'model.stage') return void moveStage(model, version ?? 0, entry)
  const alias = entry.onName.slice(entry.onName.lastIndexOf('@') + 1)
  const pointed = entry.to?.version
  if (typeof pointed !== 'number') return void model.places.delete(`alias ${alias}`)
  model.places.set(`alias ${alias}`, standing(model, 'alias', alias, pointed, entry))
}

function moveStage(model: Model, version: number, entry: Entry): void {
  const key = `stage ${version}`
  const stage = entry.to?.stage
  if (typeof stage !== 'string' || stage === 'None') return void model.places.delete(key)
  model.places.set(key, standing(model, 'stage', stage, version, entry))
}

function standing(model: Model, kind: Standing['kind'], place: string, version: number, entry: Entry): Standing {
  const { at: since, actor: by, why, seq } = entry
  return { model: model.name, kind, place, version, since, by, why, seq, deletedAt: null, renamedTo: null }
}

function rename(models: Map<string, Model>, { from, to }: Entry): void {
  const [old, name] = [String(from?.name), String(to?.name)]
  const model = models.get(old)
  if (!model) return
  models.delete(old)
  models.set(name, { ...model, name })
}

function follow(models: Map<string, Model>, entry: Entry): void {
  const name = entry.model ?? ''
  if (entry.action === 'model.deleted') {
    const model = models.get(name)
    if (model) model.deletedAt = entry.at
    models.delete(name)
  }
  if (entry.action !== 'model.renamed') return
  const old = String(entry.from?.name)
  const model = models.get(old)
  if (!model) return
  model.renamedTo = name
  models.delete(old)
  models.set(name, model)
}
