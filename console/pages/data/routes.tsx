import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const data = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const source = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/sources/$source',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const snapshot = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/snapshots/$id',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const compareSnapshots = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/compare',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const deliver = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/deliver',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const dataRoutes = [data, source, snapshot, compareSnapshots, deliver] as const
