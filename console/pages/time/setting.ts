import type { MomentsAnswer, TimeKind } from '../../../src/wire/time.ts'
import type { TimeSearch } from './search.ts'

/** Where both sliders stand: valid_at and known_at. */
export type Setting = { t: string; k: string }

export type Axes = { valid: string[]; known: string[] }

export function axesOf({ valid, known }: MomentsAnswer): Axes {
  return { valid: valid.map((stop) => stop.at), known: [...new Set(known.map((stop) => stop.at))] }
}

/** The setting of side a: what the address names, else the newest that describes anything, by all that is recorded. */
export function settingOf({ t, k }: TimeSearch, moments: MomentsAnswer): Setting | undefined {
  // Where something only expires is no newest state.
  const described = moments.valid.filter((stop) => stop.kinds.some((kind) => kind !== 'expires'))
  const newest = described.at(-1)?.at
  const last = moments.known.at(-1)?.at
  const [validAt, knownAt] = [t ?? newest, k ?? last]
  return validAt === undefined || knownAt === undefined ? undefined : { t: validAt, k: knownAt }
}

/** The setting of side b; undefined where nothing is compared. */
export function otherOf({ bt, bk }: TimeSearch, a: Setting): Setting | undefined {
  return bt === undefined && bk === undefined ? undefined : { t: bt ?? a.t, k: bk ?? a.k }
}

type Views = readonly { name: string; entity: string | null; models: readonly { name: string }[] }[]

/** What there is to look at, by kind. */
export function namesOf(kind: TimeKind, views: Views, sources: readonly { name: string }[]): string[] {
  if (kind === 'sources') return sources.map((source) => source.name)
  if (kind === 'feature-views') return views.map((view) => view.name)
  if (kind === 'entities') return [...new Set(views.flatMap((view) => (view.entity === null ? [] : [view.entity])))]
  return [...new Set(views.flatMap((view) => view.models.map((model) => model.name)))]
}
