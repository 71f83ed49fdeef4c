import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, oneOf, textOf } from '../../search.ts'

/** The dialog is a part of the address: a link to it can be sent to somebody. */
type ModelSearch = { promote?: string | undefined; before?: string | undefined }

const TABS = ['evaluation', 'card', 'signature', 'params'] as const
type VersionSearch = { tab?: (typeof TABS)[number] | undefined; promote?: string | undefined }

const models = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models',
  component: lazyRouteComponent(() => import('./list.tsx'), 'Page'),
})

const model = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$name',
  validateSearch: (given: Given): ModelSearch => ({
    promote: textOf(given, 'promote'),
    before: textOf(given, 'before'),
  }),
  component: lazyRouteComponent(() => import('./model.tsx'), 'Page'),
})

const version = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$name/versions/$version',
  validateSearch: (given: Given): VersionSearch => ({
    tab: oneOf(given, 'tab', TABS),
    promote: textOf(given, 'promote'),
  }),
  component: lazyRouteComponent(() => import('./version.tsx'), 'Page'),
})

const overTime = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$name/timeline',
  component: lazyRouteComponent(() => import('./over-time.tsx'), 'Page'),
})

export const modelsRoutes = [models, model, version, overTime] as const
