import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { oneOf, textOf } from '../../search.ts'
import { readTableSearch } from './table-state.ts'

const experiments = createRoute({
  getParentRoute: () => rootRoute,
  path: '/experiments',
  validateSearch: (given: Record<string, unknown>): { contains?: string; stage?: 'deleted' | 'all' } => {
    const contains = textOf(given, 'contains')
    const stage = oneOf(given, 'stage', ['deleted', 'all'] as const)
    return { ...(contains === undefined ? {} : { contains }), ...(stage === undefined ? {} : { stage }) }
  },
  component: lazyRouteComponent(() => import('./list.tsx'), 'Page'),
})

const experiment = createRoute({
  getParentRoute: () => rootRoute,
  path: '/experiments/$experimentId',
  validateSearch: readTableSearch,
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const experimentsRoutes = [experiments, experiment] as const
