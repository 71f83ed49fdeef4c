import { addMs, type Instant, LAST_INSTANT } from '../../base/instant.ts'
import { featureServiceOf, featureViewOf, labelOf, modelOf, sourceOf } from '../../config/find.ts'
import type { Project } from '../../config/project.ts'
import type { Lake } from '../../lake/lake.ts'

/**
 * The rule by which an answer counts: it speaks of the period that began at T. A period lasts until the next moment of which
 * every table of the model was delivered whole, and no longer than the horizon of the label: then the outcome is there.
 */
export type Period = { at: Instant; until: Instant }

type Deps = { project: Project; lake: Pick<Lake, 'moments'> }

export async function periodOf({ project, lake }: Deps, model: string, at: Instant, knownAt: Instant): Promise<Period> {
  const { horizonMs } = labelOf(project, modelOf(project, model).label)
  const next = await nextMoment({ project, lake }, model, at, knownAt)
  const over = horizonMs > 0 ? addMs(at, horizonMs) : LAST_INSTANT
  return { at, until: next < over ? next : over }
}

/** The moments of the labels, the newest first: what can be measured, or has been. */
export async function periodsOf({ project, lake }: Deps, model: string, knownAt: Instant): Promise<Instant[]> {
  const sources = statesOf(project, model)
  const moments = await Promise.all(sources.map((source) => lake.moments({ source, knownAt })))
  return common(moments).reverse()
}

async function nextMoment({ project, lake }: Deps, model: string, at: Instant, knownAt: Instant): Promise<Instant> {
  const found = await Promise.all(statesOf(project, model).map((source) => lake.moments({ source, from: at, knownAt })))
  return common(found).find((moment) => moment > at) ?? LAST_INSTANT
}

/** The sources of the model's features that come as whole states; that of the label where there is none. */
function statesOf(project: Project, name: string): string[] {
  const model = modelOf(project, name)
  const label = labelOf(project, model.label).source
  const { features } = featureServiceOf(project, model.featureService)
  const stored = features.flatMap(({ view }) => {
    const onDemand = project.onDemandViews.find((v) => v.name === view)
    return onDemand ? onDemand.inputs.map((input) => input.view) : [view]
  })
  const sources = [...new Set(stored)].map((view) => featureViewOf(project, view).source)
  const states = [...new Set(sources)].filter((source) => sourceOf(project, source).kind === 'snapshot')
  return states.length > 0 ? states : [label]
}

function common(moments: readonly (readonly Instant[])[]): Instant[] {
  const [first = [], ...others] = moments
  return first.filter((moment) => others.every((other) => other.includes(moment)))
}
