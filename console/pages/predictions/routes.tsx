import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, oneOf, textOf } from '../../search.ts'

export const ARMS = ['champion', 'canary', 'shadow'] as const

/** What is looked for is a part of the address. */
export type AnswersSearch = {
  key?: string | undefined
  version?: string | undefined
  arm?: (typeof ARMS)[number] | undefined
  from?: string | undefined
  to?: string | undefined
  snapshot?: string | undefined
}

const answers = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$name/predictions',
  validateSearch: (given: Given): AnswersSearch => ({
    key: textOf(given, 'key'),
    version: textOf(given, 'version'),
    arm: oneOf(given, 'arm', ARMS),
    from: textOf(given, 'from'),
    to: textOf(given, 'to'),
    snapshot: textOf(given, 'snapshot'),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const predictionsRoutes = [answers] as const
