import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const compareRuns = createRoute({
  getParentRoute: () => rootRoute,
  path: '/compare-runs',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const compareRoutes = [compareRuns] as const
