import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const run = createRoute({
  getParentRoute: () => rootRoute,
  path: '/experiments/$experimentId/runs/$runId',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const runRoutes = [run] as const
