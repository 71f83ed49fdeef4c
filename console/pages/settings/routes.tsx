import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, oneOf, textOf } from '../../search.ts'

type AuditSearch = {
  tab?: (typeof AUDIT_TABS)[number] | undefined
} & { [name in 'model' | 'actor' | 'action' | 'on' | 'since' | 'until' | 'before' | 'at']?: string | undefined }

const AUDIT_TABS = ['rows', 'live', 'verify'] as const

const settings = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

const tokens = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/tokens',
  component: lazyRouteComponent(() => import('./tokens.tsx'), 'Page'),
})

const audit = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/audit',
  validateSearch: (given: Given): AuditSearch => ({
    tab: oneOf(given, 'tab', AUDIT_TABS),
    ...{ model: textOf(given, 'model'), actor: textOf(given, 'actor'), action: textOf(given, 'action') },
    ...{ on: textOf(given, 'on'), since: textOf(given, 'since'), until: textOf(given, 'until') },
    ...{ before: textOf(given, 'before'), at: textOf(given, 'at') },
  }),
  component: lazyRouteComponent(() => import('./audit.tsx'), 'Page'),
})

const storage = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/storage',
  component: lazyRouteComponent(() => import('./storage.tsx'), 'Page'),
})

const doctor = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings/doctor',
  component: lazyRouteComponent(() => import('./doctor.tsx'), 'Page'),
})

export const settingsRoutes = [settings, tokens, audit, storage, doctor] as const
