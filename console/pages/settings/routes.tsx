import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const settings = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const tokens = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/tokens',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const audit = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/audit',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const storage = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/storage',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const doctor = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/doctor',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const settingsRoutes = [settings, tokens, audit, storage, doctor] as const
