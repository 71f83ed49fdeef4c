import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, textOf } from '../../search.ts'

const lineage = createRoute({
  getParentRoute: () => rootRoute,
  path: '/lineage',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
  validateSearch: (given: Given): { of?: string | undefined } => ({ of: textOf(given, 'of') }),
})

export const lineageRoutes = [lineage] as const
