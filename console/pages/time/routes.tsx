import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { validateTime } from './search.ts'

const time = createRoute({
  getParentRoute: () => rootRoute,
  path: '/time',
  validateSearch: validateTime,
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const timeRoutes = [time] as const
