import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, oneOf, textOf } from '../../search.ts'

export const SOURCE_TABS = ['snapshots', 'statistics', 'rules', 'deliveries'] as const

const ROW_KINDS = ['added', 'removed', 'changed'] as const

type SourceSearch = { tab?: (typeof SOURCE_TABS)[number] | undefined; page?: string | undefined }
type SnapshotSearch = { page?: string | undefined; key?: string | undefined }
type CompareSearch = {
  from?: string | undefined
  to?: string | undefined
  kind?: (typeof ROW_KINDS)[number] | undefined
  column?: string | undefined
  page?: string | undefined
}
type DeliverSearch = { as_of?: string | undefined }

const data = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const source = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/sources/$source',
  component: lazyRouteComponent(() => import('./source-page.tsx'), 'SourcePage'),
  validateSearch: (given: Given): SourceSearch => ({
    tab: oneOf(given, 'tab', SOURCE_TABS),
    page: textOf(given, 'page'),
  }),
})

const snapshot = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/snapshots/$id',
  component: lazyRouteComponent(() => import('./snapshot-page.tsx'), 'SnapshotPage'),
  validateSearch: (given: Given): SnapshotSearch => ({ page: textOf(given, 'page'), key: textOf(given, 'key') }),
})

const delivery = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/deliveries/$id',
  component: lazyRouteComponent(() => import('./delivery-page.tsx'), 'DeliveryPage'),
})

const compareSnapshots = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/compare',
  component: lazyRouteComponent(() => import('./compare-page.tsx'), 'ComparePage'),
  validateSearch: (given: Given): CompareSearch => ({
    from: textOf(given, 'from'),
    to: textOf(given, 'to'),
    kind: oneOf(given, 'kind', ROW_KINDS),
    column: textOf(given, 'column'),
    page: textOf(given, 'page'),
  }),
})

const deliver = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/deliver',
  component: lazyRouteComponent(() => import('./deliver-page.tsx'), 'DeliverPage'),
  validateSearch: (given: Given): DeliverSearch => ({ as_of: textOf(given, 'as_of') }),
})

export const dataRoutes = [data, source, snapshot, delivery, compareSnapshots, deliver] as const
