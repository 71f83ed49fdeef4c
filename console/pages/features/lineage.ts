import type { FeatureViewAnswer } from '../../../src/wire/features.ts'

export type LineageNode = {
  id: string
  kind: 'source' | 'view' | 'computed' | 'service' | 'model'
  name: string
  href: string | null
}
export type LineageEdge = { from: string; to: string }

/** Where a view comes from and what it goes into, as a graph: source → view → services → models. Pure. */
export function lineageOf(view: FeatureViewAnswer): { nodes: LineageNode[]; edges: LineageEdge[] } {
  const id = (kind: LineageNode['kind'], name: string) => `${kind} ${name}`
  const part = encodeURIComponent
  const me = id('view', view.name)
  const nodes: LineageNode[] = [
    { id: id('source', view.source), kind: 'source', name: view.source, href: `#/data/sources/${part(view.source)}` },
    { id: me, kind: 'view', name: view.name, href: null },
    ...view.on_demand_views.map((name) => ({ id: id('computed', name), kind: 'computed' as const, name, href: null })),
    ...view.services.map(({ name }) => ({ id: id('service', name), kind: 'service' as const, name, href: null })),
    ...view.models.map(({ name }) => {
      return { id: id('model', name), kind: 'model' as const, name, href: `#/models/${part(name)}` }
    }),
  ]
  const edges = [
    { from: id('source', view.source), to: me },
    ...view.on_demand_views.map((name) => ({ from: me, to: id('computed', name) })),
    ...view.services.map(({ name }) => ({ from: me, to: id('service', name) })),
    ...view.models.map(({ name, service }) => ({ from: id('service', service), to: id('model', name) })),
  ]
  return { nodes, edges }
}
