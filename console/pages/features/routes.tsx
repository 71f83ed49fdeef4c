import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const features = createRoute({
  getParentRoute: () => rootRoute,
  path: '/features',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const view = createRoute({
  getParentRoute: () => rootRoute,
  path: '/features/$view',
  component: lazyRouteComponent(() => import('./view-page.tsx'), 'ViewPage'),
})

const entity = createRoute({
  getParentRoute: () => rootRoute,
  path: '/entities/$entity/$key',
  component: lazyRouteComponent(() => import('./entity-page.tsx'), 'EntityPage'),
})

export const featuresRoutes = [features, view, entity] as const
