import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const watch = createRoute({
  getParentRoute: () => rootRoute,
  path: '/watch',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const watchRoutes = [watch] as const
