import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, textOf } from '../../search.ts'

const watch = createRoute({
  getParentRoute: () => rootRoute,
  path: '/watch',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
  validateSearch: (given: Given): { all?: boolean } =>
    given.all === true || given.all === 'true' ? { all: true } : {},
})

const drift = createRoute({
  getParentRoute: () => rootRoute,
  path: '/watch/drift',
  component: lazyRouteComponent(() => import('./drift-page.tsx'), 'DriftPage'),
})

const report = createRoute({
  getParentRoute: () => rootRoute,
  path: '/watch/reports/$id',
  validateSearch: (given: Given): { column?: string } => {
    const column = textOf(given, 'column')
    return column === undefined ? {} : { column }
  },
  component: lazyRouteComponent(() => import('./drift-report-page.tsx'), 'DriftReportPage'),
})

export const watchRoutes = [watch, drift, report] as const
