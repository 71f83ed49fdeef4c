import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const lineage = createRoute({
  getParentRoute: () => rootRoute,
  path: '/lineage',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const lineageRoutes = [lineage] as const
