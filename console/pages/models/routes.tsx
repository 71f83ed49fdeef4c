import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'

const models = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const model = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$name',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const version = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$name/versions/$version',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const modelsRoutes = [models, model, version] as const
