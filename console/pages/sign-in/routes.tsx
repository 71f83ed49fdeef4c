import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, textOf } from '../../search.ts'

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (given: Given): { back?: string | undefined } => ({ back: textOf(given, 'back') }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const signInRoutes = [signIn] as const
