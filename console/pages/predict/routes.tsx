import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const predict = createRoute({
  getParentRoute: () => rootRoute,
  path: '/predict',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const predictRoutes = [predict] as const
