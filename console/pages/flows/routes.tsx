import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const flows = createRoute({
  getParentRoute: () => rootRoute,
  path: '/flows',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const flow = createRoute({
  getParentRoute: () => rootRoute,
  path: '/flows/$id',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const flowsRoutes = [flows, flow] as const
