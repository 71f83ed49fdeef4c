import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const time = createRoute({
  getParentRoute: () => rootRoute,
  path: '/time',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const timeRoutes = [time] as const
