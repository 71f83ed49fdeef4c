import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, textOf } from '../../search.ts'

const flows = createRoute({
  getParentRoute: () => rootRoute,
  path: '/flows',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
  validateSearch: (given: Given): { flow?: string | undefined; state?: string | undefined } => ({
    flow: textOf(given, 'flow'),
    state: textOf(given, 'state'),
  }),
})

const flow = createRoute({
  getParentRoute: () => rootRoute,
  path: '/flows/$id',
  component: lazyRouteComponent(() => import('./run-page.tsx'), 'Page'),
})

const schedules = createRoute({
  getParentRoute: () => rootRoute,
  path: '/flows/schedules',
  component: lazyRouteComponent(() => import('./schedules/page.tsx'), 'Page'),
})

const schedule = createRoute({
  getParentRoute: () => rootRoute,
  path: '/flows/schedules/$name',
  component: lazyRouteComponent(() => import('./schedules/schedule-page.tsx'), 'Page'),
})

export const flowsRoutes = [flows, flow, schedules, schedule] as const
