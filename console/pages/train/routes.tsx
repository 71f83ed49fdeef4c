import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const train = createRoute({
  getParentRoute: () => rootRoute,
  path: '/train',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const trainRoutes = [train] as const
