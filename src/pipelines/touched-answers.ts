import { PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import type { Lake, Recorded } from '../lake/lake.ts'
import type { AnswerFilter, CountedAnswers, Predictions } from '../predictions/predictions.ts'
import { shown } from '../wire/limits.ts'

type Deps = {
  lake: Pick<Lake, 'recorded'>
  features: Pick<Features, 'liveFrom'>
  project: Project
  predictions: Pick<Predictions, 'counts'>
}

/**
 * The answers that a snapshot of a whole state fed: those whose features describe its moment, in views of its source, from
 * when it was recorded. Another version of the same moment shows the same moments: it counts until the views were last
 * loaded with another one, so it may be a few too many, and is never one too few. Null of changes: the moments of their rows
 * are not the delivery's.
 */
export async function answersOfSnapshot(
  { features, project }: Pick<Deps, 'features' | 'project'>,
  snapshot: Recorded,
): Promise<AnswerFilter | null> {
  const source = project.sources.find(({ name }) => name === snapshot.source)
  if (source?.kind === 'changes') return null
  const views = project.featureViews.filter((view) => view.source === snapshot.source).map(({ name }) => name)
  const live = (await features.liveFrom()).filter(({ view }) => views.includes(view))
  let until: Instant | undefined
  for (const view of views) {
    const now = live.find((one) => one.view === view)
    // It shows it still, or nobody knows since when it does not.
    if (now === undefined || now.snapshot === snapshot.id || now.materializedAt === null) until = undefined
    else if (until === undefined || now.materializedAt > until) until = now.materializedAt
    if (until === undefined) break
  }
  const { validAt: at, recordedAt: from } = snapshot
  return { shown: { views, at }, from, ...(until === undefined || until <= from ? {} : { to: until }) }
}

/** The same by the name of a snapshot; refuses one that there is not, and one of changes. */
export async function shownBy(deps: Pick<Deps, 'lake' | 'features' | 'project'>, name: string): Promise<AnswerFilter> {
  const [snapshot] = await deps.lake.recorded({ ids: [name] })
  if (!snapshot)
    throw new PlatformError('not_found', `snapshot: there is no ${shown(name)}; name one like users/2024-01-31/v1`)
  const filter = await answersOfSnapshot(deps, snapshot)
  if (filter) return filter
  const says = `snapshot: ${snapshot.source} is a source of changes, whose rows have moments of their own; name the key and the time instead`
  throw new PlatformError('unsupported', says)
}

/** How many answers of which model and version; null where that cannot be told. */
export async function countTouched(deps: Omit<Deps, 'lake'>, snapshot: Recorded): Promise<CountedAnswers[] | null> {
  const filter = await answersOfSnapshot(deps, snapshot)
  return filter && deps.predictions.counts({ ...filter, refused: false })
}
